using System.Globalization;
using CsCheck;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

public sealed class ChainVerifierTests
{
    [Fact]
    public void An_unbroken_chain_over_several_boots_has_no_faults()
    {
        var writer = new Chain();
        var records = writer.Write(5);
        writer.Reboot();
        records.AddRange(writer.Write(3));
        writer.Reboot();
        records.AddRange(writer.Write(1));

        Assert.Empty(Verify(records));
    }

    [Fact]
    public void Each_fault_is_named_with_its_offset_and_event()
    {
        var records = new Chain().Write(10);

        Assert.Equal([("gap", 5L)], Verify(records.Where((_, i) => i is not 3 and not 4)));
        Assert.Equal([("reordered", 3L)], Verify(Swapped(records, 3)));
        Assert.Equal([("duplicated", 4L)], Verify(records.SelectMany((r, i) => i == 4 ? [r, r] : new[] { r })));
        Assert.Equal([("broken-link", 5L)], Verify(records.Select((r, i) => i == 4 ? r with { Bytes = Altered(r.Bytes) } : r)));
        Assert.Equal([("gap", 0L)], Verify(records.Skip(2).Select((r, i) => r with { Offset = i })));
        Assert.Equal([("unreadable", 4L), ("gap", 5L)], Verify(records.Select((r, i) => i == 4 ? r with { Bytes = "garbage"u8.ToArray() } : r)));
    }

    [Fact]
    public void A_boot_that_does_not_link_to_the_one_before_is_a_broken_link_and_one_that_begins_late_a_gap()
    {
        var writer = new Chain();
        var records = writer.Write(5);
        var lost = writer.Write(1);
        writer.Reboot();
        var next = writer.Write(3);

        Assert.Equal([("broken-link", next[0].Offset)], Verify([.. records, .. next]));
        Assert.Equal([("gap", next[1].Offset)], Verify([.. records, .. lost, .. next.Skip(1)]));
        Assert.Equal([("broken-link", next[0].Offset)], Verify(next));
    }

    [Fact]
    public void What_a_lost_boot_left_and_was_shipped_behind_its_successor_is_late_and_nothing_is_missing()
    {
        var writer = new Chain();
        var records = writer.Write(10);
        var successor = writer.Successor();
        var left = writer.Write(5);
        var next = successor.Write(8);

        LedgerRecord[] log = [.. records, .. next.Take(3), .. left.Take(2), .. next.Skip(3).Take(3), .. left.Skip(2), .. next.Skip(6)];
        Assert.Equal([("reordered", 13L)], Verify(Renumbered(log)));

        // Also where all of it comes late.
        var third = successor.Successor();
        var all = successor.Write(4);
        var last = third.Write(4);
        log = [.. records, .. left, .. last.Take(2), .. next, .. all, .. last.Skip(2)];
        Assert.Equal(["broken-link", "reordered", "broken-link"], Verify(Renumbered(log)).Select(static f => f.Item1));
    }

    [Fact]
    public void What_is_missing_of_a_chain_that_came_late_is_named_as_soon_as_another_goes_on()
    {
        var writer = new Chain();
        var records = writer.Write(10);
        var successor = writer.Successor();
        var left = writer.Write(16);
        var next = successor.Write(4);
        var faults = new List<ChainFault>();
        var verifier = new ChainVerifier(fromTheBeginning: true);
        Feed(verifier, Renumbered([.. records, .. next.Take(2), .. left.Take(3), .. left.Skip(10), .. next.Skip(2)]), faults);
        Assert.Equal([("reordered", 12L), ("gap", 15L)], faults.Select(static f => (f.Name, f.Offset)));
    }

    [Fact]
    public void A_chain_whose_beginning_is_missing_is_not_excused_by_a_later_one()
    {
        var writer = new Chain();
        var first = writer.Write(10);
        var second = writer.Successor().Write(3);
        Assert.Equal(["broken-link", "reordered", "gap"], Verify(Renumbered([.. second, .. first.Skip(5)])).Select(static f => f.Item1));
    }

    [Fact]
    public void Of_boots_that_were_forgotten_each_that_comes_late_is_named_once_and_nothing_is_called_missing()
    {
        var boots = new List<Chain> { new() };
        var log = new List<LedgerRecord>();
        var left = new List<List<LedgerRecord>>();
        for (var i = 0; i < 12; i++)
        {
            log.AddRange(boots[^1].Write(3));
            boots.Add(boots[^1].Successor());
            left.Add(boots[^2].Write(2));
        }

        log.AddRange(boots[^1].Write(3));
        log.AddRange(left[0]);
        log.AddRange(left[1]);
        Assert.Equal([("reordered", 39L), ("reordered", 41L)], Verify(Renumbered(log)));

        // Also where the verifier is made anew between its records.
        var faults = new List<ChainFault>();
        var first = new ChainVerifier(fromTheBeginning: true);
        Feed(first, Renumbered(log).Take(40), faults);
        Feed(new(first.Heads), Renumbered(log).Skip(40).Take(1), faults);
        Assert.Equal([("reordered", 39L)], faults.Select(static f => (f.Name, f.Offset)));
        Feed(new(first.Heads), [Renumbered(log).ElementAt(40) with { Bytes = Altered(log[40].Bytes) }, Renumbered(log).ElementAt(39)], faults);
        Assert.Equal(["reordered", "duplicated"], faults.Select(static f => f.Name));
    }

    [Fact]
    public void What_is_missing_of_a_boot_is_named_before_it_is_forgotten()
    {
        var writer = new Chain();
        var log = writer.Write(20);
        log.RemoveRange(5, 3);
        for (var i = 0; i < 12; i++)
        {
            writer.Reboot();
            log.AddRange(writer.Write(1));
        }

        Assert.Equal(["gap"], Verify(Renumbered(log)).Select(static f => f.Item1));
    }

    [Fact]
    public void A_log_that_begins_in_the_middle_is_taken_as_it_comes()
    {
        var faults = new List<ChainFault>();
        var verifier = new ChainVerifier(fromTheBeginning: false);
        Feed(verifier, new Chain().Write(10).Skip(4), faults);
        verifier.Settle(faults);

        Assert.Empty(faults);
    }

    [Fact]
    public void Verification_goes_on_from_its_heads_wherever_it_was_interrupted() =>
        Gen.Select(Gen.Int[0, 12], Gen.Int[0, 9], Gen.Int[0, 3]).Sample((cut, at, how) =>
        {
            var records = new Chain().Write(12);
            IReadOnlyList<LedgerRecord> tampered = how switch
            {
                0 => records,
                1 => Swapped(records, at),
                2 => [.. records.Where((_, i) => i != at)],
                _ => [.. records.SelectMany((r, i) => i == at ? [r, r] : new[] { r })],
            };
            var faults = new List<ChainFault>();
            var first = new ChainVerifier(fromTheBeginning: true);
            Feed(first, tampered.Take(cut), faults);
            var second = new ChainVerifier(first.Heads);
            Feed(second, tampered.Skip(cut), faults);
            second.Settle(faults);

            Assert.Equal(Verify(tampered), faults.Select(f => (f.Name, f.Offset)));
        });

    [Fact]
    public void Thousands_of_holes_are_bounded_in_memory_and_all_named()
    {
        var records = new Chain().Write(2000);
        var faults = new List<ChainFault>();
        var verifier = new ChainVerifier(fromTheBeginning: true);
        Feed(verifier, records.Where((_, i) => i % 2 == 0), faults);

        Assert.True(Assert.Single(verifier.Heads).Gaps.Count <= 16);
        verifier.Settle(faults);
        Assert.Equal(999, faults.Count(f => f.Kind == ChainFaultKind.Gap));
    }

    [Fact]
    public void Faults_of_hostile_records_are_named_a_hundred_times_and_counted_from_there_on()
    {
        var findings = new List<VerificationFinding>();
        var verifier = new PartitionVerifier(LedgerPartition.Calls, new("", 0, MerkleTree.EmptyRoot), static _ => null, findings);
        foreach (var record in new Chain().Write(2000).Where((_, i) => i % 2 == 0))
        {
            verifier.Feed(record.Offset, record.Bytes.Span, checksumHolds: true);
        }

        verifier.Complete();

        var gaps = findings.FindAll(f => f.Check == "chain-gap");
        Assert.Equal(101, gaps.Count);
        Assert.Equal(999, gaps.Sum(f => f.Count));
    }

    private static IEnumerable<LedgerRecord> Renumbered(IEnumerable<LedgerRecord> records) => records.Select(static (r, i) => r with { Offset = i });

    private static List<LedgerRecord> Swapped(List<LedgerRecord> records, int at) =>
        [.. records.Take(at), records[at + 1], records[at], .. records.Skip(at + 2)];

    private static ReadOnlyMemory<byte> Altered(ReadOnlyMemory<byte> bytes)
    {
        var altered = bytes.ToArray();
        altered[^10] ^= 1;
        return altered;
    }

    private static IEnumerable<(string, long)> Verify(IEnumerable<LedgerRecord> records)
    {
        var faults = new List<ChainFault>();
        var verifier = new ChainVerifier(fromTheBeginning: true);
        Feed(verifier, records, faults);
        verifier.Settle(faults);
        return [.. faults.Select(f => (f.Name, f.Offset))];
    }

    private static void Feed(ChainVerifier verifier, IEnumerable<LedgerRecord> records, List<ChainFault> faults)
    {
        foreach (var record in records)
        {
            verifier.Feed(LedgerLeaf.Of(LedgerPartition.Calls, record.Offset, record.Bytes.Span, out var prev), prev, faults);
        }
    }

    private sealed class Chain
    {
        private ChainWriter _chain = new("gw/1/calls-0", Digest.Zero);
        private int _epoch = 1;
        private long _offset;

        /// <summary>One that boots now, from what is there.</summary>
        public Chain Successor()
        {
            var successor = new Chain { _chain = _chain, _epoch = _epoch };
            successor.Reboot();
            return successor;
        }

        public List<LedgerRecord> Write(int count) => [.. Enumerable.Range(0, count).Select(_ => Write())];

        public void Reboot() => _chain = new(string.Create(CultureInfo.InvariantCulture, $"gw/{++_epoch}/calls-0"), _chain.Previous);

        private LedgerRecord Write()
        {
            using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/gw/1", default, null, LedgerLog.Calls, null, new Heartbeat(1, 2, 3, 4));
            var bytes = new byte[_chain.MaxLength(draft.Tail.Length)];
            return new(LedgerPartition.Calls, _offset++, bytes.AsMemory(0, _chain.Compose(bytes, draft.Tail.Span)));
        }
    }
}
