using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Host.Running;

/// <summary>A stretch of the log in which no record can be read.</summary>
/// <param name="Partition">Such as <c>calls-0</c>; <c>spool</c> for what waits on this disk for Kafka.</param>
/// <param name="Offset">Offset of the first record that is lost.</param>
/// <param name="NextOffset">Offset of the next record that can be read.</param>
/// <param name="Segment">Name of the segment file.</param>
/// <param name="Position">Byte of the file at which it begins.</param>
/// <param name="Length">Bytes of it.</param>
/// <param name="Sha256">Digest of those bytes.</param>
internal sealed record DamageLine(string Partition, long Offset, long NextOffset, string Segment, long Position, long Length, string Sha256);

/// <summary>A stretch to accept, named so that no other is accepted by mistake.</summary>
/// <param name="Partition">Such as <c>calls-0</c>; <c>spool</c> for what waits on this disk for Kafka.</param>
/// <param name="Offset">Offset of the first record that is lost.</param>
/// <param name="Sha256">Digest of its bytes, 64 hex digits.</param>
/// <param name="Reason">Why, in words for an auditor.</param>
internal sealed record DamageAcceptance(string Partition, long Offset, string Sha256, string Reason);

/// <summary>Finds damage of the files of this machine and accepts it: the event first, then readers step over it.</summary>
internal sealed class DamageDesk(DamagedFiles files, ControlLog control)
{
    private const int LongestReason = 1_000;

    public IReadOnlyList<DamageLine> List(CancellationToken cancellationToken) => files.List(cancellationToken);

    /// <returns>What was accepted, or why not with the HTTP status that says so.</returns>
    public async Task<(DamageLine? Line, int Status, string? Fault)> AcceptAsync(DamageAcceptance request, string actor, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > LongestReason)
        {
            return (null, StatusCodes.Status400BadRequest, $"A reason has 1 to {LongestReason} characters: it is what an auditor will read.");
        }

        if ((request.Partition != DamagedFiles.SpoolName && !LedgerPartition.TryParse(request.Partition, out _)) || !Digest.TryParse(request.Sha256, out var digest))
        {
            return (null, StatusCodes.Status400BadRequest, "A stretch is named by its partition (or 'spool'), its first offset and the digest of its bytes (64 hex digits).");
        }

        if (files.Find(cancellationToken).FirstOrDefault(s => files.NameOf(s) == request.Partition && s.FirstOffset == request.Offset) is not { } stretch)
        {
            return (null, StatusCodes.Status404NotFound, $"No damage of {request.Partition} begins at offset {request.Offset}.");
        }

        if (stretch.Sha256 != digest)
        {
            return (null, StatusCodes.Status409Conflict, $"Its bytes have the digest {stretch.Sha256} by now. Look at it again before you accept it.");
        }

        var accepted = new DamageAccepted(
            files.NameOf(stretch), stretch.FirstOffset, stretch.NextOffset, stretch.Segment, stretch.Position, stretch.Length, stretch.Sha256, actor, request.Reason);
        if (!await control.TryAppendAsync(files.NameOf(stretch), accepted, CancellationToken.None))
        {
            return (null, StatusCodes.Status503ServiceUnavailable, "The ledger cannot record this now, so it was not done. Try again.");
        }

        files.Accept(stretch);
        return (files.LineOf(stretch), StatusCodes.Status200OK, null);
    }
}
