using System.Globalization;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>
/// Checks the chains of one partition, record by record in the order of the log: seq dense, each record naming the digest of the one before it,
/// a new boot epoch beginning at 0 and linking to the last record of the same instance's epoch before. Not thread safe.
/// A gap is held back for <see cref="Patience"/> records of its chain, because a record that comes late is reordered, not missing. A chain that goes on behind one of a later boot, as what a lost process left and somebody shipped since, is reordered once, and checked by itself.
/// </summary>
public sealed class ChainVerifier
{
    /// <summary>Records of a chain after which what is missing is called missing.</summary>
    public const int Patience = 64;

    private const int MostGaps = 16;

    private readonly bool _fromTheBeginning;
    private readonly Dictionary<string, Boots> _byInstance = new(StringComparer.Ordinal);
    private Standing? _latest;

    /// <summary>Begins.</summary>
    /// <param name="fromTheBeginning">True when the first record of the partition comes first, so that nothing may precede a chain; false takes the first record of each instance as given.</param>
    public ChainVerifier(bool fromTheBeginning) => _fromTheBeginning = fromTheBeginning;

    /// <summary>Goes on where <see cref="Heads"/> was read.</summary>
    /// <param name="heads">The chains that were remembered.</param>
    public ChainVerifier(IEnumerable<ChainHead> heads)
        : this(fromTheBeginning: true)
    {
        foreach (var head in heads.OrderByDescending(static h => ChainLink.EpochOf(h.Chain)))
        {
            Of(head.Chain).Put(new(head.Chain, head.NextSeq, head.Last, head.Offset, head.Event, [.. head.Gaps]) { IsLate = head.IsLate });
        }
    }

    /// <summary>Where the chains stand.</summary>
    public IReadOnlyList<ChainHead> Heads => [.. _byInstance.Values.SelectMany(static b => b.All).Select(static s => new ChainHead(s.Chain, s.NextSeq, s.Last, s.Offset, s.Event, [.. s.Gaps], s.IsLate))];

    /// <summary>Takes the next record.</summary>
    /// <param name="leaf">The record's leaf.</param>
    /// <param name="prev">What the record names as its predecessor's digest.</param>
    /// <param name="faults">Where faults are added.</param>
    public void Feed(in LedgerLeaf leaf, Digest prev, ICollection<ChainFault> faults)
    {
        if (leaf.Event is not { } id)
        {
            faults.Add(new(ChainFaultKind.Unreadable, leaf.Offset, null, "the record does not begin as an event does"));
            return;
        }

        var standing = _latest is { } latest && latest.Chain == leaf.Chain ? latest : Find(leaf, id, prev, faults);
        _latest = standing;
        if (leaf.Seq < standing.NextSeq)
        {
            Late(standing, leaf, id, faults);
            return;
        }

        if (leaf.Seq > standing.NextSeq)
        {
            Skip(standing, leaf, id, faults);
        }
        else if (prev != standing.Last)
        {
            faults.Add(new(ChainFaultKind.BrokenLink, leaf.Offset, id, Link(standing, leaf, prev)));
        }

        (standing.NextSeq, standing.Last, standing.Offset, standing.Event) = (leaf.Seq + 1, leaf.Record, leaf.Offset, id);
        while (standing.Gaps.Count > 0 && leaf.Seq - standing.Gaps[0].To > Patience)
        {
            Missing(standing, faults);
        }
    }

    /// <summary>Takes a record as the tree commits to it, unchecked: the record itself is gone, or found to be another.</summary>
    public void Trust(in LedgerLeaf leaf)
    {
        if (leaf.Event is not { } id)
        {
            return;
        }

        var boots = Of(leaf.Chain);
        if (boots.Known(leaf.Chain) is not { } standing)
        {
            boots.Put(new(leaf.Chain, leaf.Seq + 1, leaf.Record, leaf.Offset, id, []));
        }
        else if (leaf.Seq >= standing.NextSeq)
        {
            (standing.NextSeq, standing.Last, standing.Offset, standing.Event) = (leaf.Seq + 1, leaf.Record, leaf.Offset, id);
        }

        _latest = null;
    }

    /// <summary>Calls missing what is still held back: nothing more comes, or not for long.</summary>
    public void Settle(ICollection<ChainFault> faults)
    {
        foreach (var standing in _byInstance.Values.SelectMany(static b => b.All))
        {
            AllMissing(standing, faults);
        }
    }

    private Boots Of(string chain) => _byInstance.TryGetValue(ChainLink.InstanceOf(chain), out var boots) ? boots : _byInstance[ChainLink.InstanceOf(chain)] = new();

    private Standing Find(in LedgerLeaf leaf, EventId id, Digest prev, ICollection<ChainFault> faults)
    {
        var boots = Of(leaf.Chain);
        var standing = boots.Latest is { } latest && latest.Chain == leaf.Chain ? latest : boots.Known(leaf.Chain);
        if (standing is null)
        {
            var earlier = boots.Before(leaf.Chain);
            standing = earlier is not null ? new(leaf.Chain, 0, earlier.Last, earlier.Offset, earlier.Event, [])
                : _fromTheBeginning && !boots.IsForgotten(leaf.Chain) ? new(leaf.Chain, 0, Digest.Zero, -1, id, [])
                : new(leaf.Chain, leaf.Seq, prev, -1, id, []);
            if (boots.Put(standing) is { } forgotten)
            {
                AllMissing(forgotten, faults);
            }
        }

        if (!standing.IsLate && standing != boots.Latest && boots.After(leaf.Chain) is { } later)
        {
            standing.IsLate = true;
            faults.Add(new(ChainFaultKind.Reordered, leaf.Offset, id, Text($"seq {leaf.Seq} of chain {leaf.Chain} stands behind event {later.Event} at offset {later.Offset} of chain {later.Chain}, which a later boot wrote")));
        }

        // What a boot left is in its order: only in the latest one may a record still come that seems to be missing.
        foreach (var other in boots.All)
        {
            if (other != standing && other != boots.Latest)
            {
                AllMissing(other, faults);
            }
        }

        return standing;
    }

    private static void AllMissing(Standing standing, ICollection<ChainFault> faults)
    {
        while (standing.Gaps.Count > 0)
        {
            Missing(standing, faults);
        }
    }

    private static void Late(Standing standing, in LedgerLeaf leaf, EventId id, ICollection<ChainFault> faults)
    {
        var seq = leaf.Seq;
        var at = standing.Gaps.FindIndex(g => seq >= g.From && seq <= g.To);
        if (at < 0)
        {
            faults.Add(new(ChainFaultKind.Duplicated, leaf.Offset, id, Text($"seq {seq} of chain {leaf.Chain} was taken before; the next one should be {standing.NextSeq}")));
            return;
        }

        var gap = standing.Gaps[at];
        standing.Gaps.RemoveAt(at);
        if (seq < gap.To)
        {
            standing.Gaps.Insert(at, gap with { From = seq + 1 });
        }

        if (seq > gap.From)
        {
            standing.Gaps.Insert(at, gap with { To = seq - 1 });
        }

        faults.Add(new(ChainFaultKind.Reordered, leaf.Offset, id, Text($"seq {seq} of chain {leaf.Chain} stands behind event {gap.Event} at offset {gap.Offset}, which was written after it")));
    }

    private static void Skip(Standing standing, in LedgerLeaf leaf, EventId id, ICollection<ChainFault> faults)
    {
        if (standing.Gaps.Count == MostGaps)
        {
            Missing(standing, faults);
        }

        standing.Gaps.Add(new(standing.NextSeq, leaf.Seq - 1, leaf.Offset, id));
    }

    private static void Missing(Standing standing, ICollection<ChainFault> faults)
    {
        var gap = standing.Gaps[0];
        standing.Gaps.RemoveAt(0);
        var what = gap.From == gap.To ? Text($"seq {gap.From}") : Text($"seq {gap.From} to {gap.To}");
        faults.Add(new(ChainFaultKind.Gap, gap.Offset, gap.Event, Text($"{what} of chain {standing.Chain} is missing before this record")));
    }

    private static string Link(Standing standing, in LedgerLeaf leaf, Digest prev) => standing.Offset < 0
        ? Text($"the first record of chain {leaf.Chain} names {prev} as its predecessor, and there is none")
        : Text($"it names {prev} as its predecessor, but event {standing.Event} at offset {standing.Offset} has {standing.Last}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>The chains of one instance that are remembered: those of its latest boots, and of earlier ones the last that came late.</summary>
    private sealed class Boots
    {
        private const int Most = 8;

        // By epoch.
        private readonly List<Standing> _latest = [];
        private Standing? _stray;

        public IEnumerable<Standing> All => _stray is null ? _latest : [_stray, .. _latest];

        public Standing? Latest => _latest.Count == 0 ? null : _latest[^1];

        public Standing? Known(string chain) => _latest.Find(s => s.Chain == chain) ?? (_stray?.Chain == chain ? _stray : null);

        /// <summary>Whether a boot is so early that what came before it may have been forgotten: it is taken as it comes.</summary>
        public bool IsForgotten(string chain) => _latest.Count == Most && ChainLink.EpochOf(chain) < _latest[0].Epoch;

        public Standing? Before(string chain)
        {
            var epoch = ChainLink.EpochOf(chain);
            return _latest.FindLast(s => s.Epoch <= epoch && s.Chain != chain);
        }

        public Standing? After(string chain)
        {
            var epoch = ChainLink.EpochOf(chain);
            return _latest.Find(s => s.Epoch > epoch);
        }

        /// <returns>What is remembered no more; null when nothing.</returns>
        public Standing? Put(Standing standing)
        {
            if (IsForgotten(standing.Chain))
            {
                (var before, _stray) = (_stray, standing);
                return before;
            }

            var at = _latest.FindIndex(s => s.Epoch > standing.Epoch);
            _latest.Insert(at < 0 ? _latest.Count : at, standing);
            if (_latest.Count <= Most)
            {
                return null;
            }

            var oldest = _latest[0];
            _latest.RemoveAt(0);
            return oldest;
        }
    }

    private sealed class Standing(string chain, long nextSeq, Digest last, long offset, EventId id, List<ChainGap> gaps)
    {
        public string Chain { get; } = chain;

        public long Epoch { get; } = ChainLink.EpochOf(chain);

        public bool IsLate { get; set; }

        public long NextSeq { get; set; } = nextSeq;

        public Digest Last { get; set; } = last;

        public long Offset { get; set; } = offset;

        public EventId Event { get; set; } = id;

        public List<ChainGap> Gaps { get; } = gaps;
    }
}
