namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>One live connection to an upstream that carries whole messages both ways: a child's pipes, or an HTTP+SSE pair.</summary>
internal interface IMessageLink : IAsyncDisposable
{
    /// <summary>Why no more messages come, once <see cref="ReadAsync"/> has given null.</summary>
    BridgeFault End { get; }

    /// <summary>The next message as the upstream wrote it, in a buffer of its own; null when no more come. One caller at a time.</summary>
    ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Sends one message; gives the fault when it could not be sent. Callers may overlap: messages never mix.</summary>
    ValueTask<BridgeFault?> SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);
}

/// <summary>A link, or why there is none.</summary>
internal readonly record struct OpenedLink(IMessageLink? Link, BridgeFault? Fault);
