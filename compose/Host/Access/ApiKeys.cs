using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Host.Access;

/// <summary>
/// Follows the control log and keeps the API keys in force. Until it has read the log to its end, and while something in it cannot be read, nobody but the
/// admin token gets in: a revocation may stand in what was not read.
/// </summary>
internal sealed class ApiKeys(ILedgerReader reader, AccessTelemetry telemetry, TimeProvider time) : BackgroundService
{
    private const int BatchBytes = 1024 * 1024;
    private const string Unread = "The control log has not been read to its end yet.";
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private ApiKeyRing _folded = ApiKeyRing.Empty;
    private volatile ApiKeyRing _ring = ApiKeyRing.Empty;
    private volatile string? _why = Unread;

    /// <summary>The keys that open something now.</summary>
    public ApiKeyRing Ring => _ring;

    /// <summary>Why no key opens anything; null when they do.</summary>
    public string? Check() => _why;

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The edge of the follow loop: whatever the store throws, following goes on when it is back.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long next = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                next = await FollowAsync(next, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                telemetry.Unreadable(e.Message);
                await Task.Delay(Retry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<long> FollowAsync(long from, CancellationToken cancellationToken)
    {
        var bounds = await reader.BoundsAsync(LedgerPartition.Control, cancellationToken);
        var batch = await reader.ReadAsync(LedgerPartition.Control, Math.Max(from, bounds.First), BatchBytes, cancellationToken);
        foreach (var record in batch.Records)
        {
            if (EventReader.TryRead(record.Bytes.Span, out var read, out _))
            {
                _folded = _folded.Apply(read!.Data);
            }
        }

        if (batch.Damage is { } damage)
        {
            (_ring, _why) = (ApiKeyRing.Empty, $"The control log is damaged at offset {batch.Next}.");
            telemetry.Unreadable($"it is damaged at offset {batch.Next}, and no key is in force before that is restored or accepted: {damage}");
            await Task.Delay(Retry, time, cancellationToken);
        }
        else if (batch.Records.Count == 0)
        {
            (_ring, _why) = (_folded, null);
            await reader.WaitAsync(LedgerPartition.Control, batch.Next, cancellationToken);
        }
        else if (_why is null)
        {
            _ring = _folded;
        }

        return batch.Next;
    }
}
