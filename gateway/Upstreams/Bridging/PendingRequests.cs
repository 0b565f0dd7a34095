using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>The requests of one session that wait for their answers, and which of them a message of the upstream belongs to.</summary>
internal sealed class PendingRequests(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<MessageKey, Entry> _byId = [];
    private readonly Dictionary<MessageKey, Exchange> _byToken = [];
    private long _order;
    private BridgeFault? _end;

    /// <summary>True while somebody waits.</summary>
    public bool IsAnyAwaited
    {
        get
        {
            lock (_lock)
            {
                return _byId.Values.Any(entry => !entry.Exchange.IsAbandoned);
            }
        }
    }

    /// <summary>Adds a request before it is sent; gives the fault when it cannot be added.</summary>
    public BridgeFault? Add(MessageKey id, MessageKey? token, Exchange exchange)
    {
        lock (_lock)
        {
            if (_end is not null)
            {
                return _end;
            }

            if (_byId.Count >= most && !ForgetOldestAbandoned())
            {
                return new(429, $"{most} requests of this session wait for an answer already. Wait for some of them.");
            }

            if (!_byId.TryAdd(id, new(exchange, token, _order++)))
            {
                return new(400, "A request with this id waits for its answer already. Ids are unique among requests in flight (JSON-RPC 2.0).");
            }

            if (token is { } key)
            {
                _byToken[key] = exchange;
            }

            return null;
        }
    }

    /// <summary>Takes a request out: it was answered, cancelled, or never sent.</summary>
    public Exchange? Remove(MessageKey id)
    {
        lock (_lock)
        {
            return TakeOut(id);
        }
    }

    /// <summary>
    /// The request whose stream a notification or server request belongs on; null for the session's own stream. Progress tells by its token. Log lines and
    /// server requests do not tell, and belong to a request when it is the only one; a server request goes to the newest rather than wait for a stream that nobody opened.
    /// </summary>
    public Exchange? OwnerOf(in McpMessage message, bool hasStandaloneStream)
    {
        var isRequest = message.Kind == McpKind.Request;
        lock (_lock)
        {
            if (message.Method == "notifications/progress")
            {
                return MessageKey.From(message.ProgressToken) is { } token && _byToken.TryGetValue(token, out var exchange) ? exchange : null;
            }

            if (!isRequest && message.Method is not ("notifications/message" or "notifications/cancelled"))
            {
                return null;
            }

            var awaited = _byId.Values.Where(entry => !entry.Exchange.IsAbandoned).ToList();
            return awaited.Count == 1 || (awaited.Count > 1 && isRequest && !hasStandaloneStream)
                ? awaited.MaxBy(entry => entry.Order)!.Exchange
                : null;
        }
    }

    /// <summary>Tells everybody who waits, and everybody who comes later, that no answer will come.</summary>
    public void FailAll(BridgeFault end)
    {
        List<Entry> waiting;
        lock (_lock)
        {
            _end ??= end;
            waiting = [.. _byId.Values];
            _byId.Clear();
            _byToken.Clear();
        }

        foreach (var entry in waiting)
        {
            entry.Exchange.Fail(end);
        }
    }

    private Exchange? TakeOut(MessageKey id)
    {
        if (!_byId.Remove(id, out var entry))
        {
            return null;
        }

        if (entry.Token is { } token && _byToken.TryGetValue(token, out var holder) && holder == entry.Exchange)
        {
            _byToken.Remove(token);
        }

        return entry.Exchange;
    }

    // A call that nobody waits for keeps its place only while there is room: its late answer is told from a stray one, and its id from a new one.
    private bool ForgetOldestAbandoned()
    {
        var abandoned = _byId.Where(entry => entry.Value.Exchange.IsAbandoned).ToList();
        return abandoned.Count > 0 && TakeOut(abandoned.MinBy(entry => entry.Value.Order).Key) is not null;
    }

    private sealed record Entry(Exchange Exchange, MessageKey? Token, long Order);
}
