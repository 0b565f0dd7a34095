namespace McpLedger.Gateway.Upstreams;

/// <summary>What a server answered, its body unread; or why it did not answer. Disposing gives the connection back, or breaks it when the body was not read.</summary>
internal sealed class UpstreamAnswer(IDisposable? lease) : IDisposable
{
    /// <summary>HTTP status; 0 when there was none.</summary>
    public int Status { get; init; }

    /// <summary>Media type of the body; null without one.</summary>
    public string? ContentType { get; init; }

    /// <summary>Length of the body where the server said so.</summary>
    public long? ContentLength { get; init; }

    /// <summary>The session that the server opened or repeated; null for none.</summary>
    public string? Session { get; init; }

    /// <summary>The instance that holds the live process or stream behind the session; empty when any replica can serve it.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The destination that answered; null for servers without a choice.</summary>
    public string? Destination { get; init; }

    /// <summary>When to come back, as the server said.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>The body; null without one.</summary>
    public Stream? Body { get; init; }

    /// <summary>Why there is no answer, in words for an operator; null when there is one.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether the server was too slow, so that the client is told 504.</summary>
    public bool IsTimeout { get; init; }

    /// <summary>HTTP status that tells the client about the fault, where a bridge knows it better; 0 for the usual one.</summary>
    public int Told { get; init; }

    /// <summary>HTTP status that tells the client about the fault.</summary>
    public int FaultStatus => Told != 0 ? Told : IsTimeout ? 504 : 502;

    /// <summary>Whether the session no longer exists, so that the client is told 404 and starts anew.</summary>
    public bool IsSessionGone { get; init; }

    public bool IsStream => ContentType is { } type && type.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);

    public bool IsJson => ContentType is { } type && type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase);

    public static UpstreamAnswer Failed(string fault, string? destination, bool isTimeout) => new(null) { Fault = fault, Destination = destination, IsTimeout = isTimeout };

    public static UpstreamAnswer SessionGone(string fault) => new(null) { Fault = fault, IsSessionGone = true };

    public void Dispose()
    {
        Body?.Dispose();
        lease?.Dispose();
    }
}
