using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Projections.Search.Elastic;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Streaming.Parking;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>Reads the stores of a <see cref="Topology"/> beside its roles: the log in Kafka, the read models in PostgreSQL, the index in OpenSearch.</summary>
internal sealed class StoredViews : IAsyncDisposable
{
    private const string Prefix = "mcpledger";
    private readonly ServiceProvider _services;
    private readonly MartenStores _stores;
    private readonly ElasticState _index;

    public StoredViews(Topology topology)
    {
        var own = Path.Combine(topology.Folder, "reader");
        var options = new KafkaLedgerOptions
        {
            Folder = own,
            Bootstrap = topology.Kafka.Bootstrap,
            TopicPrefix = Prefix + ".",
            Partitions = topology.Plan.Partitions,
            Replication = (short)topology.Plan.Brokers,
            MinInSync = topology.Plan.MinInSync,
        };
        _services = new ServiceCollection().AddLogging().AddKafkaLedgerReader(options)
            .AddSingleton<ILedgerReader>(static p => p.GetRequiredService<KafkaLedgerReader>())
            .AddSingleton<IBlobStore>(new BlobFolder(own)).AddSingleton<IParkingLot>(new ParkingFolder(own, TimeProvider.System))
            .AddElasticIndex(new() { Nodes = [topology.Search.Address], Prefix = Prefix, Replicas = 0 })
            .BuildServiceProvider();
        _stores = new(new() { ConnectionString = topology.Database });
        _index = _services.GetRequiredService<ElasticState>();
        Reader = _services.GetRequiredService<KafkaLedgerReader>();
    }

    public KafkaLedgerReader Reader { get; }

    /// <summary>How far the read models are; a partition they do not know is at 0.</summary>
    public async Task<IReadOnlyDictionary<LedgerPartition, long>> ViewPositionsAsync()
    {
        var known = await _stores.PositionsAsync(await _stores.ActiveAsync(CancellationToken.None), CancellationToken.None);
        return Reader.Partitions.ToDictionary(p => p, p => known.TryGetValue(p.ToString(), out var position) ? position.Next : 0);
    }

    /// <summary>How far the index is.</summary>
    public async Task<IReadOnlyDictionary<LedgerPartition, long>> IndexPositionsAsync()
    {
        var generation = await _index.FindAsync(CancellationToken.None) ?? throw new IOException("The index has no state yet.");
        var positions = new Dictionary<LedgerPartition, long>();
        foreach (var partition in Reader.Partitions)
        {
            positions.Add(partition, await _index.PositionAsync(generation, partition, CancellationToken.None));
        }

        return positions;
    }

    /// <summary>Requests that the read models list, and what the sessions say how many they are.</summary>
    public async Task<(long Calls, long OfSessions)> CountCallsAsync()
    {
        var side = await _stores.ActiveAsync(CancellationToken.None);
        await using var command = _stores.Source.CreateCommand(
            $"SELECT (SELECT count(*) FROM {_stores.TableOf(side, "calls")}), (SELECT coalesce(sum((data->'counts'->>'calls')::bigint), 0) FROM {_stores.TableOf(side, "sessions")})");
        command.CommandTimeout = 0;
        await using var rows = await command.ExecuteReaderAsync();
        await rows.ReadAsync();
        return (rows.GetInt64(0), (long)rows.GetDecimal(1));
    }

    /// <summary>How many events the event store holds, and the digest of their ids.</summary>
    public async Task<(long Events, string Sha256)> EventDigestAsync()
    {
        await using var command = _stores.Source.CreateCommand($"SELECT id FROM {_stores.SchemaOf(await _stores.ActiveAsync(CancellationToken.None))}.mt_events");
        command.CommandTimeout = 0;
        await using var rows = await command.ExecuteReaderAsync();
        var ids = new List<Guid>();
        while (await rows.ReadAsync())
        {
            ids.Add(rows.GetGuid(0));
        }

        return LoggedCalls.Digest(ids);
    }

    /// <summary>The digest of what the read models tell of every request.</summary>
    public async Task<string> OutcomesDigestAsync()
    {
        await using var command = _stores.Source.CreateCommand(
            $"""SELECT id, outcome FROM {_stores.TableOf(await _stores.ActiveAsync(CancellationToken.None), "calls")} ORDER BY id COLLATE "C" """);
        command.CommandTimeout = 0;
        await using var rows = await command.ExecuteReaderAsync();
        var outcomes = new List<(string, string)>();
        while (await rows.ReadAsync())
        {
            outcomes.Add((rows.GetString(0), rows.GetString(1)));
        }

        return LoggedCalls.OutcomesDigest(outcomes);
    }

    /// <summary>How many events the index holds, and the digest of their ids.</summary>
    public ValueTask<(long Events, string Sha256)> IndexDigestAsync() => _services.GetRequiredService<SearchIndexAdmin>().DigestAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        await _services.DisposeAsync();
    }
}
