using McpLedger.Contracts.Events;

namespace McpLedger.Stages.Verification;

/// <summary>
/// What the control log says about records that are not there (dropped by retention, or lost in damage that somebody accepted), and of which partitions there are. Only what is sealed makes anything good:
/// a record behind the last leaf can be written by whoever can write the file.
/// </summary>
internal sealed class SaidInControl
{
    private readonly List<(SegmentDropped Drop, bool IsSealed)> _drops = [];
    private readonly Dictionary<(LedgerPartition, bool), (int Of, List<(long First, long Last)> Stretches)> _merged = [];

    /// <summary>Damage that was accepted, and whether that is sealed.</summary>
    public List<(DamageAccepted Damage, bool IsSealed)> Accepted { get; } = [];

    /// <summary>Partitions that were sealed or dropped from.</summary>
    public HashSet<LedgerPartition> Named { get; } = [];

    /// <summary>The largest tree of each partition that was signed, as was said and sealed.</summary>
    public Dictionary<LedgerPartition, CheckpointSigned> Signed { get; } = [];

    private static ReadOnlySpan<byte> Dropped => "\"segment.dropped.v1\""u8;

    private static ReadOnlySpan<byte> Damage => "\"damage.accepted.v1\""u8;

    private static ReadOnlySpan<byte> Checkpoint => "\"checkpoint.signed.v1\""u8;

    /// <summary>Whether records from <paramref name="first"/> to <paramref name="last"/> of a partition were dropped, as was said and sealed.</summary>
    public bool HasDropped(LedgerPartition partition, long first, long last) => Covers(partition, first, last, andUnsealed: false);

    /// <summary>The same, where that was said in a record that no checkpoint covers.</summary>
    public bool SaysUnsealed(LedgerPartition partition, long first, long last) => Covers(partition, first, last, andUnsealed: true);

    /// <summary>Takes a record of the control log.</summary>
    public void Take(ReadOnlySpan<byte> record, bool isSealed)
    {
        if ((record.IndexOf(Dropped) >= 0 || record.IndexOf(Damage) >= 0 || record.IndexOf(Checkpoint) >= 0) && EventReader.TryRead(record, out var read, out _))
        {
            if (read!.Data is SegmentDropped drop)
            {
                _drops.Add((drop, isSealed));
                Name(drop.Partition, isSealed);
            }
            else if (read.Data is CheckpointSigned signed)
            {
                Name(signed.Partition, isSealed);
                Sign(signed, isSealed);
            }
            else if (read.Data is DamageAccepted accepted)
            {
                Accepted.Add((accepted, isSealed));
            }
        }
    }

    private bool Covers(LedgerPartition partition, long first, long last, bool andUnsealed)
    {
        var stretches = Stretches(partition, andUnsealed);
        var at = stretches.FindLastIndex(stretch => stretch.First <= first);
        return at >= 0 && stretches[at].Last >= last;
    }

    // A range of a million records asks for each of them.
    private List<(long First, long Last)> Stretches(LedgerPartition partition, bool andUnsealed)
    {
        if (_merged.TryGetValue((partition, andUnsealed), out var merged) && merged.Of == _drops.Count)
        {
            return merged.Stretches;
        }

        List<(long First, long Last)> stretches = [];
        foreach (var (drop, _) in _drops.Where(d => (andUnsealed || d.IsSealed) && d.Drop.Partition == partition.ToString()).OrderBy(static d => d.Drop.FirstOffset))
        {
            if (stretches.Count > 0 && drop.FirstOffset <= stretches[^1].Last + 1)
            {
                stretches[^1] = (stretches[^1].First, Math.Max(stretches[^1].Last, drop.LastOffset));
            }
            else
            {
                stretches.Add((drop.FirstOffset, drop.LastOffset));
            }
        }

        _merged[(partition, andUnsealed)] = (_drops.Count, stretches);
        return stretches;
    }

    private void Sign(CheckpointSigned signed, bool isSealed)
    {
        if (isSealed && LedgerPartition.TryParse(signed.Partition, out var partition) && signed.Size > (Signed.TryGetValue(partition, out var known) ? known.Size : 0))
        {
            Signed[partition] = signed;
        }
    }

    private void Name(string text, bool isSealed)
    {
        if (isSealed && LedgerPartition.TryParse(text, out var partition))
        {
            Named.Add(partition);
        }
    }
}
