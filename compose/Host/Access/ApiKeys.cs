using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Host.Access;

/// <summary>
/// Follows the control log and keeps the API keys in force. Until it has read the log to its end, and while something in it cannot be read, nobody but the
/// admin token gets in: a revocation may stand in what was not read. Where the log is away (brokers that do not answer), the keys that are known stay in force for a bounded time.
/// </summary>
internal sealed class ApiKeys(ILedgerReader reader, AccessTelemetry telemetry, TimeSpan staleAfter, TimeProvider time) : BackgroundService
{
    private const int BatchBytes = 1024 * 1024;
    private const string Unread = "The control log has not been read to its end yet.";
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);
    private const string Stale = "The control log cannot be read for too long: what was revoked meanwhile is not known.";
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(5);
    private ApiKeyRing _folded = ApiKeyRing.Empty;
    private volatile ApiKeyRing _ring = ApiKeyRing.Empty;
    private volatile string? _why = Unread;
    private long _read;
    private long _asked;

    /// <summary>The keys that open something now.</summary>
    public ApiKeyRing Ring => Check() is null ? _ring : ApiKeyRing.Empty;

    /// <summary>Why no key opens anything; null when they do.</summary>
    public string? Check() => _why ?? (time.GetElapsedTime(Interlocked.Read(ref _asked)) <= staleAfter ? null : Stale);

    /// <summary>Whether somebody who was let in would be now: with the key that was shown then, or with the admin token.</summary>
    public bool Admits(ClaimsPrincipal user) =>
        user.FindFirst(TokenAuthentication.KeyClaim)?.Value is not { } id || Ring.Holds(id, time.GetUtcNow());

    /// <summary>
    /// Whether a key may be revoked: what was said before this was asked is read first, so that a key can be taken back as soon as it was made. While the log cannot be read any key may be.
    /// </summary>
    public async ValueTask<bool> MayRevokeAsync(string id, CancellationToken cancellationToken)
    {
        var end = (await reader.BoundsAsync(LedgerPartition.Control, cancellationToken)).End;
        for (var began = time.GetTimestamp(); Check() is null && Interlocked.Read(ref _read) < end && time.GetElapsedTime(began) < LongestLag;)
        {
            await Task.Delay(Moment, time, cancellationToken);
        }

        return Check() is not null || _ring.Keys.Any(key => key.Key == id);
    }

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
        var asked = time.GetTimestamp();
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
            Interlocked.Exchange(ref _asked, asked);
            (_ring, _why) = (_folded, null);
            Interlocked.Exchange(ref _read, batch.Next);
            await reader.WaitUpToAsync(LedgerPartition.Control, batch.Next, LookEvery, time, cancellationToken);
        }
        else if (_why is null)
        {
            _ring = _folded;
            Interlocked.Exchange(ref _read, batch.Next);
        }

        return batch.Next;
    }
}
