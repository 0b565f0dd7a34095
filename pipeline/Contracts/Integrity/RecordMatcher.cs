using System.Globalization;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>
/// Where records and leaves disagree: what should be there against what is, told as people would tell it. An altered record keeps its place and
/// name; two that were swapped stand in each other's place; one that is missing or too many moves all behind it, and only that one is named.
/// </summary>
internal sealed class RecordMatcher(LedgerPartition partition, TileSource tiles, long size, NamedFindings findings)
{
    private const int MostKept = 100_000;

    private readonly List<(long Index, LedgerLeaf Leaf)> _expected = [];
    private readonly List<LedgerLeaf> _found = [];
    private Dictionary<EventId, long>? _known;
    private long _notKept;

    public void Expected(long index, in LedgerLeaf leaf)
    {
        if (_expected.Count < MostKept)
        {
            _expected.Add((index, leaf));
        }
        else
        {
            _notKept++;
        }
    }

    public void Found(in LedgerLeaf leaf)
    {
        if (_found.Count < MostKept)
        {
            _found.Add(leaf);
        }
    }

    /// <param name="truncatedFrom">Index of the leaf after the last one that a record was held against.</param>
    public void Complete(long truncatedFrom)
    {
        var foundByDigest = _found.GroupBy(static f => f.Record).ToDictionary(static g => g.Key, static g => g.First());
        var foundByOffset = _found.ToLookup(static f => f.Offset);
        var expectedByDigest = _expected.GroupBy(static e => e.Leaf.Record).ToDictionary(static g => g.Key, static g => g.First());
        var explained = new HashSet<long>();
        var missing = new List<(long Index, LedgerLeaf Leaf)>();
        var displaced = new List<LedgerLeaf>();
        foreach (var (index, leaf) in _expected)
        {
            if (foundByDigest.TryGetValue(leaf.Record, out var elsewhere))
            {
                if (!explained.Add(elsewhere.Offset) || IsSwapped(index, leaf, elsewhere))
                {
                    continue;
                }

                displaced.Add(leaf);
            }
            else if (foundByOffset[leaf.Offset].Where(f => !expectedByDigest.ContainsKey(f.Record) && (f.Event == leaf.Event || f.Event is null || !IsKnown(f, out _))).ToList() is [var altered, ..])
            {
                explained.Add(altered.Offset);
                Name(VerificationChecks.RecordAltered, index, leaf, leaf.Record.ToString(), altered.Event == leaf.Event ? altered.Record.ToString() : $"{altered.Record} of {(altered.Event is { } id ? $"event {id}" : "no event")}");
            }
            else
            {
                missing.Add((index, leaf));
            }
        }

        Missing(missing, truncatedFrom);
        foreach (var extra in _found.Where(f => !explained.Contains(f.Offset)))
        {
            Extra(extra);
        }

        if (displaced.Count > 0)
        {
            Add(VerificationChecks.RecordsDisplaced, new() { Offset = displaced[0].Offset, Event = displaced[0].Event, Count = displaced.Count, Found = Text($"{displaced.Count} sealed records up to offset {displaced[^1].Offset} stand elsewhere") });
        }

        if (_notKept > 0)
        {
            Add(VerificationChecks.RecordAltered, new() { Count = _notKept, Found = Text($"{_notKept} more records differ from what was sealed") });
        }

        bool IsSwapped(long index, in LedgerLeaf leaf, in LedgerLeaf elsewhere)
        {
            var (here, there) = (leaf, elsewhere);
            if (foundByOffset[here.Offset].FirstOrDefault() is not { Chain: not null } standing
                || !expectedByDigest.TryGetValue(standing.Record, out var other)
                || other.Leaf.Offset != there.Offset
                || here.Offset == there.Offset)
            {
                return false;
            }

            Name(VerificationChecks.RecordsSwapped, index, here, Text($"event {here.Event}"), Text($"event {standing.Event}, which was sealed at offset {there.Offset}"));
            return true;
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Missing(List<(long Index, LedgerLeaf Leaf)> missing, long truncatedFrom)
    {
        var tail = missing.FindAll(m => m.Index >= truncatedFrom);
        for (var i = 0; i < missing.Count - tail.Count;)
        {
            var run = 1;
            while (i + run < missing.Count - tail.Count && missing[i + run].Index == missing[i].Index + run)
            {
                run++;
            }

            Gone(VerificationChecks.RecordsMissing, missing[i], missing[i + run - 1], run);
            i += run;
        }

        if (tail.Count > 0)
        {
            Gone(VerificationChecks.TailTruncated, tail[0], tail[^1], tail.Count);
        }
    }

    private void Gone(string check, (long Index, LedgerLeaf Leaf) first, (long Index, LedgerLeaf Leaf) last, int count) =>
        Add(check, new()
        {
            Leaf = first.Index,
            Offset = first.Leaf.Offset,
            Event = first.Leaf.Event,
            Count = count,
            Expected = count == 1 ? Text($"event {first.Leaf.Event}") : Text($"events {first.Leaf.Event} to {last.Leaf.Event}, offsets {first.Leaf.Offset} to {last.Leaf.Offset}"),
            Found = "none",
        });

    private void Extra(in LedgerLeaf extra)
    {
        var duplicated = IsKnown(extra, out var index);
        Add(duplicated ? VerificationChecks.RecordDuplicated : VerificationChecks.RecordInserted, new()
        {
            Offset = extra.Offset,
            Event = extra.Event,
            Leaf = duplicated ? index : null,
            Expected = "no such record here",
            Found = duplicated ? Text($"event {extra.Event} again") : Text($"a record that was never sealed, {(extra.Event is { } id ? $"event {id}" : "no event")}"),
        });
    }

    private void Name(string check, long index, in LedgerLeaf leaf, string expected, string found) =>
        Add(check, new() { Leaf = index, Offset = leaf.Offset, Event = leaf.Event, Expected = expected, Found = found });

    private void Add(string check, Place place) => findings.Add(new()
    {
        Check = check,
        Severity = VerificationSeverity.Broken,
        Partition = partition,
        Offset = place.Offset,
        Event = place.Event,
        Leaf = place.Leaf,
        Count = place.Count,
        Expected = place.Expected,
        Found = place.Found,
    });

    private bool IsKnown(in LedgerLeaf leaf, out long index)
    {
        // One pass for all: asked one by one, records of another ledger would cost a reading of the whole tree each.
        _known ??= LeafSearch.ByEvents(tiles, size, _found.Select(static f => f.Event).OfType<EventId>().ToHashSet());
        index = leaf.Event is { } id ? _known.GetValueOrDefault(id, -1) : -1;
        return index >= 0;
    }

    private sealed record Place
    {
        public long? Offset { get; init; }

        public EventId? Event { get; init; }

        public long? Leaf { get; init; }

        public long Count { get; init; } = 1;

        public string? Expected { get; init; }

        public string? Found { get; init; }
    }
}
