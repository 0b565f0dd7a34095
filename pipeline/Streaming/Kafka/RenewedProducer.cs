using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// A producer of records that may be sent twice. Once librdkafka fails for good, what is under way is told as failed and the next record goes to a client made anew.
/// </summary>
internal sealed class RenewedProducer(KafkaClients clients, int maxBytes) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Client? _client;
    private bool _closed;

    /// <summary>Returns once the in-sync replicas have the record.</summary>
    /// <exception cref="KafkaException">They do not, as far as is known.</exception>
    public async Task SendAsync(TopicPartition place, byte[] record)
    {
        var client = Current();
        try
        {
            await client.Producer.ProduceAsync(place, new() { Value = record }, CancellationToken.None).WaitAsync(client.Failed.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (client.Failed.IsCancellationRequested)
        {
            throw new KafkaException(new Error(ErrorCode.Local_Fatal, "the producer failed and is replaced"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client? client;
        lock (_gate)
        {
            (client, _client, _closed) = (_client, null, true);
        }

        if (client is not null)
        {
            await client.Producer.CloseAsync(clients.Telemetry).ConfigureAwait(false);
        }
    }

    private Client Current()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_client is { Failed.IsCancellationRequested: true } failed)
            {
                _ = Task.Run(async () => await failed.Producer.CloseAsync(clients.Telemetry).ConfigureAwait(false));
                _client = null;
            }

            return _client ??= new(clients, maxBytes);
        }
    }

    [SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Its owner disposes of the producer; the source has no handle, and those who wait may still ask it.")]
    private sealed class Client
    {
        public Client(KafkaClients clients, int maxBytes) => Producer = clients.Producer(maxBytes, error =>
        {
            clients.Telemetry.Trouble(error);
            if (error.IsFatal)
            {
                _ = Failed.CancelAsync();
            }
        });

        public IProducer<Null, byte[]> Producer { get; }

        public CancellationTokenSource Failed { get; } = new();
    }
}
