using System.Globalization;
using System.Security.Cryptography;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>The requests of all callers that wait on one process, under ids of ours.</summary>
internal sealed class SharedCalls(int most, TimeProvider time)
{
    private const string Waiting = "waiting";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SharedCall> _calls = new(StringComparer.Ordinal);
    private readonly SharedPlaces _places = new();

    // Not to be guessed: a caller cannot name another's request in parts of a message that are passed on as they are.
    private readonly string _prefix = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private BridgeFault? _end;
    private long _last;
    private long _lastTraffic = time.GetTimestamp();

    /// <summary>How long nobody has asked anything; zero while a request waits.</summary>
    public TimeSpan Idle
    {
        get
        {
            lock (_lock)
            {
                return _calls.Count > 0 ? TimeSpan.Zero : time.GetElapsedTime(_lastTraffic);
            }
        }
    }

    /// <summary>Adds a request and gives the id it goes by; or the fault when it cannot be added.</summary>
    public BridgeFault? Add(SharedCall call, out string id)
    {
        lock (_lock)
        {
            id = "";
            _lastTraffic = time.GetTimestamp();
            if (_end is not null)
            {
                return _end;
            }

            switch (_places.Take(Waiting, most, call.Caller))
            {
                case Placing.Full:
                    return new(429, $"{most} requests wait for this server already. Try again later.");
                case Placing.ShareTaken:
                    return new(429, $"{SharedPlaces.ShareOf(most)} requests of yours wait for this server already, as many as one caller may have. Try again later.");
            }

            id = string.Create(CultureInfo.InvariantCulture, $"{_prefix}-{++_last}");
            _calls.Add(id, call);
            return null;
        }
    }

    /// <summary>Takes a request out: it was answered, given up, or never sent.</summary>
    public SharedCall? Remove(string id)
    {
        lock (_lock)
        {
            _lastTraffic = time.GetTimestamp();
            if (!_calls.Remove(id, out var call))
            {
                return null;
            }

            _places.Release(Waiting, call.Caller);
            return call;
        }
    }

    /// <summary>Takes out the request that the server names.</summary>
    public SharedCall? Remove(RawJson? named) => MessageKey.From(named) is { IsText: true } key ? Remove(key.Value) : null;

    /// <summary>The request that the server names.</summary>
    public SharedCall? Find(RawJson? named)
    {
        lock (_lock)
        {
            return MessageKey.From(named) is { IsText: true } key ? _calls.GetValueOrDefault(key.Value) : null;
        }
    }

    /// <summary>Tells everybody who waits, and everybody who comes later, that no answer will come.</summary>
    public void FailAll(BridgeFault end)
    {
        List<SharedCall> waiting;
        lock (_lock)
        {
            _end ??= end;
            waiting = [.. _calls.Values];
            _calls.Clear();
        }

        foreach (var call in waiting)
        {
            call.Exchange.Fail(end);
        }
    }
}

/// <summary>One caller's request.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Exchange">Where its answer goes.</param>
/// <param name="Id">The caller's id for it.</param>
/// <param name="Token">The caller's progress token; null for none.</param>
internal sealed record SharedCall(Principal Caller, Exchange Exchange, RawJson Id, RawJson? Token);
