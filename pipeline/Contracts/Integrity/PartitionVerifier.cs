using System.Globalization;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>Leaves one behind the other whose records were not there to be fed.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="Leaf">Index of the first.</param>
/// <param name="Count">How many.</param>
public readonly record struct GoneRecords(LedgerLeaf First, LedgerLeaf Last, long Leaf, long Count);

/// <summary>
/// Holds the records of one partition, in the order in which they are stored, against the leaves of a signed tree and against their own chains.
/// It trusts the checkpoint's root and nothing else; whoever calls has judged the checkpoint with <see cref="CheckpointTrust"/>. Not thread safe.
/// </summary>
public sealed class PartitionVerifier
{
    private readonly LedgerPartition _partition;
    private readonly Checkpoint _checkpoint;
    private readonly NamedFindings _findings;
    private readonly LeafCursor _leaves;
    private readonly RecordMatcher _matcher;
    private readonly ChainVerifier _chains;
    private readonly List<ChainFault> _faults = [];
    private readonly List<GoneRecords> _gone = [];
    private readonly Dictionary<long, string> _accepted = [];
    private readonly byte[] _entry = new byte[LedgerLeaf.MaxLength];
    private (long Offset, bool ChecksumHolds)? _last;

    /// <summary>Begins.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="checkpoint">The checkpoint to verify against; of an unsealed ledger one of size 0 with the empty root.</param>
    /// <param name="tiles">The ledger's tiles and entry bundles.</param>
    /// <param name="findings">Where findings go.</param>
    public PartitionVerifier(LedgerPartition partition, Checkpoint checkpoint, TileSource tiles, ICollection<VerificationFinding> findings)
    {
        (_partition, _checkpoint, _findings) = (partition, checkpoint, new(partition, findings));
        _leaves = new(partition, checkpoint.Size, tiles, findings);
        _matcher = new(partition, tiles, checkpoint.Size, _findings);
        _chains = new(fromTheBeginning: true);
    }

    /// <summary>Records read.</summary>
    public long Records { get; private set; }

    /// <summary>Records that no checkpoint covers.</summary>
    public long Unsealed { get; private set; }

    /// <summary>Leaves whose records were passed because what would hold them is not there: they were dropped, or are missing.</summary>
    public IReadOnlyList<GoneRecords> Gone => _gone;

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
                _matcher.Expected(_leaves.Index, expected);
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

    /// <summary>A stretch that holds no records, that nothing was signed for, and that somebody accepted, as is sealed: a fact, and so is the gap that it leaves in the chain.</summary>
    /// <param name="first">Offset of the first record that is lost.</param>
    /// <param name="next">Offset of the next record.</param>
    /// <param name="by">Who accepted it, and why.</param>
    public void Accepted(long first, long next, string by)
    {
        _accepted[next] = by;
        _findings.Add(new() { Check = VerificationChecks.DamageAccepted, Severity = VerificationSeverity.Fact, Partition = _partition, Offset = first, Count = next - first, Found = by });
    }

    /// <summary>What would hold the records before an offset that were not fed yet is not there.</summary>
    /// <param name="to">The offset; <see cref="long.MaxValue"/> where nothing comes behind them.</param>
    public void Pass(long to)
    {
        while (!_leaves.AtEnd)
        {
            if (LedgerLeaf.TryParse(_leaves.Entry, out var expected) && expected.Partition == _partition)
            {
                if (expected.Offset >= to)
                {
                    return;
                }

                _chains.Trust(expected);
                if (_gone is [.., var gone] && gone.Leaf + gone.Count == _leaves.Index)
                {
                    _gone[^1] = gone with { Last = expected, Count = gone.Count + 1 };
                }
                else
                {
                    _gone.Add(new(expected, expected, _leaves.Index, 1));
                }
            }
            else if (to < long.MaxValue)
            {
                return;
            }

            _leaves.Next();
        }
    }

    /// <summary>No more records.</summary>
    public void Complete()
    {
        var truncatedFrom = Records > 0 ? _leaves.Index : (long?)null;
        while (!_leaves.AtEnd)
        {
            if (LedgerLeaf.TryParse(_leaves.Entry, out var expected))
            {
                _matcher.Expected(_leaves.Index, expected);
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

        _findings.Complete();
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
            var finding = CheckpointTrust.Broken(VerificationChecks.Chain + fault.Name, _partition, "a dense chain, each record naming the one before it", fault.Detail) with { Offset = fault.Offset, Event = fault.Event };
            _findings.Add(_accepted.TryGetValue(fault.Offset, out var by)
                ? finding with { Check = VerificationChecks.DamageAccepted, Severity = VerificationSeverity.Fact, Found = $"{fault.Detail}; {by}" }
                : finding);
        }

        _faults.Clear();
    }
}
