using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Host.Access;

/// <summary>Follows the control log and keeps the API keys in force. Until it has read the log once, nobody but the admin token gets in.</summary>
internal sealed class ApiKeys(ILedgerReader reader, AccessTelemetry telemetry) : BackgroundService
{
    private const int BatchBytes = 1024 * 1024;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private volatile ApiKeyRing _ring = ApiKeyRing.Empty;

    public ApiKeyRing Ring => _ring;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long next = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                next = await FollowAsync(next, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException e)
            {
                telemetry.Unreadable(e.Message);
                await Task.Delay(Retry, TimeProvider.System, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                _ring = _ring.Apply(read!.Data);
            }
        }

        if (batch.Records.Count == 0)
        {
            await reader.WaitAsync(LedgerPartition.Control, batch.Next, cancellationToken);
        }

        return batch.Next;
    }
}
