using McpLedger.Contracts.Events;

namespace McpLedger.Stages.Verification;

/// <summary>What the control log says about records that are not there: dropped by retention, or lost in damage that somebody accepted.</summary>
internal sealed class SaidInControl
{
    public List<SegmentDropped> Drops { get; } = [];

    public List<DamageAccepted> Accepted { get; } = [];

    private static ReadOnlySpan<byte> Dropped => "\"segment.dropped.v1\""u8;

    private static ReadOnlySpan<byte> Damage => "\"damage.accepted.v1\""u8;

    public void Take(ReadOnlySpan<byte> record)
    {
        if ((record.IndexOf(Dropped) >= 0 || record.IndexOf(Damage) >= 0) && EventReader.TryRead(record, out var read, out _))
        {
            if (read!.Data is SegmentDropped drop)
            {
                Drops.Add(drop);
            }
            else if (read.Data is DamageAccepted accepted)
            {
                Accepted.Add(accepted);
            }
        }
    }
}
