using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Verification;

/// <summary>
/// Notices writers that fell silent without a last word while others went on. Nothing shows whether a record is missing at a chain's open end: what such a writer recorded last may lie where it ran,
/// in a spool that nobody shipped. A later boot of the same instance has its disk and closes the question.
/// </summary>
internal sealed class SilentWriters
{
    // Six heartbeats.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);
    private const int LongestSign = 2048;
    private readonly Dictionary<(string Instance, LedgerPartition Partition), Sign> _last = [];
    private DateTimeOffset _newest = DateTimeOffset.MinValue;

    private static ReadOnlySpan<byte> Beat => "\"heartbeat.v1\""u8;

    private static ReadOnlySpan<byte> Writer => "\"writer.st"u8;

    /// <summary>Takes one record of a partition, in the order of its offsets.</summary>
    public void Take(LedgerPartition partition, long offset, ReadOnlySpan<byte> record)
    {
        if (record.Length > LongestSign || (record.IndexOf(Beat) < 0 && record.IndexOf(Writer) < 0)
            || !EventReader.TryRead(record, out var read, out _) || read!.Data is not (Heartbeat or WriterStarted or WriterStopped))
        {
            return;
        }

        var header = read.Header;
        _newest = header.Time > _newest ? header.Time : _newest;
        _last[(InstanceOf(header.Chain.Chain), partition)] = new(header, offset, read.Data is WriterStopped);
    }

    /// <summary>Says whose chains are open and silent, when everything was taken.</summary>
    public void Tell(List<VerificationFinding> findings)
    {
        foreach (var ((_, partition), sign) in _last.Where(each => !each.Value.IsLast && _newest - each.Value.Header.Time > Silence).OrderBy(each => each.Value.Header.Time))
        {
            findings.Add(new()
            {
                Check = VerificationChecks.WriterSilent,
                Severity = VerificationSeverity.Fact,
                Partition = partition,
                Offset = sign.Offset,
                Event = sign.Header.Id,
                Expected = string.Create(CultureInfo.InvariantCulture, $"a last word of {sign.Header.Chain.Chain}, or its next boot"),
                Found = string.Create(CultureInfo.InvariantCulture, $"silence since seq {sign.Header.Chain.Seq} at {sign.Header.Time:O}; what it recorded after that lies where it ran until its spool is shipped (mcpledger spool ship)"),
            });
        }
    }

    // {instance}/{boot epoch}/{partition}
    private static string InstanceOf(string chain)
    {
        var end = chain.LastIndexOf('/');
        end = end > 0 ? chain.LastIndexOf('/', end - 1) : end;
        return end > 0 ? chain[..end] : chain;
    }

    private sealed record Sign(EventHeader Header, long Offset, bool IsLast);
}
