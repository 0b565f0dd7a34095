using McpLedger.Contracts.Events;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Streaming.Tests.Consuming;

/// <summary>A handler whose effect is a list, kept together with its position as a database would; it fails where it is told to.</summary>
internal sealed class FoldHandler : IRecordHandler
{
    private readonly Lock _gate = new();
    private readonly List<long> _applied = [];
    private long _position;

    public Func<ConsumedBatch, Exception?> FailWith { get; set; } = _ => null;

    public Exception? PositionFailsWith { get; set; }

    public long[] Applied
    {
        get
        {
            lock (_gate)
            {
                return [.. _applied];
            }
        }
    }

    public ValueTask<long> PositionAsync(LedgerPartition partition, CancellationToken cancellationToken) => PositionFailsWith is { } failure ? ValueTask.FromException<long>(failure) : new(_position);

    public ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FailWith(batch) is { } failure)
            {
                throw failure;
            }

            _applied.AddRange(batch.Records.Select(r => r.Offset));
            _position = batch.Next ?? _position;
            return default;
        }
    }
}
