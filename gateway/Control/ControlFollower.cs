using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Gateway.Control;

/// <summary>Follows the control log from its first record on and folds it into <see cref="ControlState"/>.</summary>
internal sealed class ControlFollower(ILedgerReader ledger, ControlState state, GatewayTelemetry telemetry, TimeProvider time) : BackgroundService
{
    private const int BatchBytes = 1 << 20;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _next;

    /// <summary>Returns once the record at <paramref name="offset"/> has been folded, or with false after <paramref name="longest"/>.</summary>
    public async ValueTask<bool> WaitForAsync(long offset, TimeSpan longest)
    {
        using var deadline = new CancellationTokenSource(longest, time);
        while (!deadline.IsCancellationRequested)
        {
            Task moved;
            lock (_gate)
            {
                if (_next > offset)
                {
                    return true;
                }

                moved = _moved.Task;
            }

            await Task.WhenAny(moved, Task.Delay(Timeout.InfiniteTimeSpan, time, deadline.Token));
        }

        return false;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The edge of the follow loop: whatever the store throws, following goes on when it is back.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wasCurrent = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var asked = time.GetTimestamp();
                var batch = await ledger.ReadAsync(LedgerPartition.Control, _next, BatchBytes, stoppingToken);
                Fold(batch);
                if (batch.Damage is not null)
                {
                    state.MarkDamaged();
                    telemetry.ControlDamaged(batch.Damage);
                    await Task.Delay(RetryAfter, time, stoppingToken);
                }
                else if (batch.Records.Count == 0)
                {
                    state.MarkCurrent(asked);
                    if (!wasCurrent)
                    {
                        wasCurrent = true;
                        telemetry.ControlCurrent(_next);
                    }

                    await ledger.WaitUpToAsync(LedgerPartition.Control, _next, LookEvery, time, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                telemetry.ControlUnreadable(e);
                await Task.Delay(RetryAfter, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Fold(ReadBatch batch)
    {
        foreach (var record in batch.Records)
        {
            if (EventReader.TryRead(record.Bytes.Span, out var read, out var fault))
            {
                state.Apply(read!.Data, read.Header.Time);
            }
            else
            {
                telemetry.ControlRecordUnreadable(record.Offset, fault ?? "");
            }
        }

        TaskCompletionSource moved;
        lock (_gate)
        {
            _next = Math.Max(_next, batch.Next);
            moved = _moved;
            _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        moved.SetResult();
    }
}
