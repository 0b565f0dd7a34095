using System.Globalization;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>
/// Holds the records of one partition, in the order in which they are stored, against the leaves of a signed tree and against their own chains.
/// It trusts the checkpoint's root and nothing else; whoever calls has judged the checkpoint with <see cref="CheckpointTrust"/>. Not thread safe.
/// </summary>
public sealed class PartitionVerifier
{
    private readonly LedgerPartition _partition;
    private readonly Checkpoint _checkpoint;
    private readonly ICollection<VerificationFinding> _findings;
    private readonly LeafCursor _leaves;
    private readonly RecordMatcher _matcher;
    private readonly ChainVerifier _chains;
    private readonly List<ChainFault> _faults = [];
    private readonly byte[] _entry = new byte[LedgerLeaf.MaxLength];
    private (long Offset, bool ChecksumHolds)? _last;

    /// <summary>Begins.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="checkpoint">The checkpoint to verify against; of an unsealed ledger one of size 0 with the empty root.</param>
    /// <param name="tiles">The ledger's tiles and entry bundles.</param>
    /// <param name="findings">Where findings go.</param>
    public PartitionVerifier(LedgerPartition partition, Checkpoint checkpoint, TileSource tiles, ICollection<VerificationFinding> findings)
    {
        (_partition, _checkpoint, _findings) = (partition, checkpoint, findings);
        _leaves = new(partition, checkpoint.Size, tiles, findings);
        _matcher = new(partition, tiles, checkpoint.Size, findings);
        _chains = new(fromTheBeginning: true);
    }

    /// <summary>Records read.</summary>
    public long Records { get; private set; }

    /// <summary>Records that no checkpoint covers.</summary>
    public long Unsealed { get; private set; }

    /// <summary>The leaves before the first record: their records were dropped, or are missing. Null when there are none.</summary>
    public (LedgerLeaf First, LedgerLeaf Last, long Count)? Front { get; private set; }

    /// <summary>Takes the next record.</summary>
    /// <param name="offset">Where it lies.</param>
    /// <param name="record">Its exact bytes.</param>
    /// <param name="checksumHolds">Whether the store's own checksum agrees; only said about records that nothing else proves.</param>
    /// <returns>Whether it is what its leaf commits to. Until <see cref="Complete"/> has found that the leaves lead to the root, that is as true as the leaves are.</returns>
    public bool Feed(long offset, ReadOnlySpan<byte> record, bool checksumHolds)
    {
        Records++;
        var leaf = LedgerLeaf.Of(_partition, offset, record, out var prev);
        var length = leaf.Format(_entry);
        while (!_leaves.AtEnd)
        {
            if (_leaves.Entry.SequenceEqual(_entry.AsSpan(0, length)))
            {
                _chains.Feed(leaf, prev, _faults);
                Report();
                _leaves.Next();
                return true;
            }

            if (!LedgerLeaf.TryParse(_leaves.Entry, out var expected) || expected.Partition != _partition)
            {
                if (!_leaves.IsUnread)
                {
                    _findings.Add(CheckpointTrust.Broken(VerificationChecks.EntryAltered, _partition, "a leaf of this partition", "something else") with { Leaf = _leaves.Index });
                }

                _chains.Feed(leaf, prev, _faults);
                Report();
                _leaves.Next();
                return false;
            }

            if (expected.Offset > offset)
            {
                _matcher.Found(leaf);
                return false;
            }

            _chains.Trust(expected);
            if (expected.Offset < offset)
            {
                Absent(expected);
                _leaves.Next();
                continue;
            }

            _matcher.Expected(_leaves.Index, expected);
            _matcher.Found(leaf);
            _leaves.Next();
            return false;
        }

        Beyond(leaf, prev, checksumHolds);
        return false;
    }

    /// <summary>A stretch that holds no records.</summary>
    /// <param name="offset">Offset of the record that should begin there.</param>
    /// <param name="what">What is wrong.</param>
    /// <param name="atTheEnd">Whether nothing readable follows in the whole partition.</param>
    public void Damaged(long offset, string what, bool atTheEnd)
    {
        var torn = atTheEnd && _leaves.AtEnd;
        _findings.Add(new()
        {
            Check = torn ? VerificationChecks.TornTail : VerificationChecks.SegmentDamaged,
            Severity = torn ? VerificationSeverity.Fact : VerificationSeverity.Broken,
            Partition = _partition,
            Offset = offset,
            Event = !_leaves.AtEnd && LedgerLeaf.TryParse(_leaves.Entry, out var leaf) && leaf.Offset == offset ? leaf.Event : null,
            Leaf = _leaves.AtEnd ? null : _leaves.Index,
            Found = what,
        });
    }

    /// <summary>No more records.</summary>
    public void Complete()
    {
        var truncatedFrom = Records > 0 ? _leaves.Index : (long?)null;
        while (!_leaves.AtEnd)
        {
            if (LedgerLeaf.TryParse(_leaves.Entry, out var expected))
            {
                Absent(expected);
            }

            _leaves.Next();
        }

        _leaves.CheckRoot(_checkpoint.Root);
        _matcher.Complete(truncatedFrom ?? _checkpoint.Size);
        _chains.Settle(_faults);
        Report();
        if (_last is { ChecksumHolds: false } torn)
        {
            Damaged(torn.Offset, "the last record does not match its checksum", atTheEnd: true);
        }

        if (Unsealed > 0)
        {
            _findings.Add(new()
            {
                Check = VerificationChecks.UnsealedTail,
                Severity = VerificationSeverity.Fact,
                Partition = _partition,
                Count = Unsealed,
                Found = string.Create(CultureInfo.InvariantCulture, $"{Unsealed} records after the {_checkpoint.Size} that are signed for"),
            });
        }
    }

    private void Absent(in LedgerLeaf expected)
    {
        if (Records <= 1 && _matcher.IsEmpty && Unsealed == 0 && _leaves.Index == (Front?.Count ?? 0))
        {
            Front = Front is { } front ? (front.First, expected, front.Count + 1) : (expected, expected, 1);
            return;
        }

        _matcher.Expected(_leaves.Index, expected);
    }

    private void Beyond(in LedgerLeaf leaf, Digest prev, bool checksumHolds)
    {
        if (_last is { ChecksumHolds: false } broken)
        {
            _findings.Add(CheckpointTrust.Broken(VerificationChecks.RecordAltered, _partition, "a record that matches its checksum", "one that does not") with { Offset = broken.Offset });
        }

        _last = (leaf.Offset, checksumHolds);
        Unsealed++;
        if (checksumHolds)
        {
            _chains.Feed(leaf, prev, _faults);
            Report();
        }
    }

    private void Report()
    {
        foreach (var fault in _faults)
        {
            _findings.Add(CheckpointTrust.Broken(VerificationChecks.Chain + fault.Name, _partition, "a dense chain, each record naming the one before it", fault.Detail) with { Offset = fault.Offset, Event = fault.Event });
        }

        _faults.Clear();
    }
}
