using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Looks at the topics while a ledger runs: every so often, and as soon as what is read gives cause to doubt that they are those it wrote to; and whether it is still the one process of its name.
/// </summary>
/// <param name="options">The ledger's.</param>
/// <param name="cluster">Looks at them.</param>
/// <param name="telemetry">Where it is told.</param>
/// <param name="time">The clock.</param>
/// <param name="refuse">Takes the word that they are not this ledger's any more.</param>
/// <param name="say">Says on the control log that one is not as it should be; returns whether it was recorded.</param>
[SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "The semaphore and the source have no handles and outlive a look that is under way.")]
internal sealed class TopicWatch(KafkaLedgerOptions options, ClusterSide cluster, KafkaTelemetry telemetry, TimeProvider time, Func<string, Task> refuse, Func<LedgerDrifted, Task<bool>> say) : IAsyncDisposable
{
    private readonly HashSet<TopicDrift> _told = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private RepeatedLook? _look;
    private LedgerIdentity? _identity;
    private string? _notVerified;
    private long _read;
    private int _beating;

    /// <summary>Begins to look, at the topics of this ledger.</summary>
    /// <param name="identity">The boot.</param>
    /// <param name="controlEnd">Where the control log ended when the boot had found no later one there.</param>
    public void Begin(LedgerIdentity identity, long controlEnd)
    {
        (_identity, _read) = (identity, controlEnd);
        _look ??= new(options.VerifyInterval, LookAsync, time);
        _ = TellAsync();
    }

    /// <summary>What was read is not what was expected: looks soon.</summary>
    public void Doubt() => _look?.Doubt();

    /// <summary>With each heartbeat: looks whether another process has begun to write as this instance.</summary>
    public void Beat()
    {
        if (_identity is { } identity && Interlocked.Exchange(ref _beating, 1) == 0)
        {
            _ = LookForLaterBootAsync(identity);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        if (_look is { } look)
        {
            await look.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task LookForLaterBootAsync(LedgerIdentity identity)
    {
        try
        {
            (var behind, _read) = await cluster.LookForLaterBootAsync(identity, _read, _closing.Token).ConfigureAwait(false);
            if (behind is not null)
            {
                await refuse(behind).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The next heartbeat looks from the same place.
        }
        finally
        {
            Volatile.Write(ref _beating, 0);
        }
    }

    /// <returns>Whether there is anything left to look for.</returns>
    private async Task<bool> LookAsync()
    {
        try
        {
            if (await cluster.SeeAsync(_identity!, _closing.Token).ConfigureAwait(false) is { } other)
            {
                await refuse(other).ConfigureAwait(false);
                return false;
            }

            _notVerified = null;
            await TellAsync().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            // Whether the cluster answers at all is told by the producer; what it answered that is not as it should be, only here.
            if (_notVerified != e.Message)
            {
                telemetry.LogNotVerified(_notVerified = e.Message);
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            return false;
        }

        return true;
    }

    /// <summary>Says what drifted, once; what came back and drifts anew is said again.</summary>
    private async Task TellAsync()
    {
        await _turn.WaitAsync(_closing.Token).ConfigureAwait(false);
        try
        {
            var drifts = cluster.Drifts;
            _told.IntersectWith(drifts);
            foreach (var drift in drifts.Where(d => !_told.Contains(d)))
            {
                if (await say(new(drift.Topic, drift.Setting, drift.Expected, drift.Found)).ConfigureAwait(false))
                {
                    _told.Add(drift);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }
}
