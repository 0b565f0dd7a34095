using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Testing.Kafka;

/// <summary>A ledger in Kafka with topics and a folder of its own: no heartbeats, one replica, quick tries after a failure.</summary>
public sealed class TemporaryKafkaLedger : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly TemporaryFolder? _folder;
    private readonly ServiceProvider _services;

    private TemporaryKafkaLedger(KafkaLedgerOptions options, TemporaryFolder? folder)
    {
        (_folder, Options) = (folder, options);
        _services = new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging().AddKafkaLedger(options).BuildServiceProvider();
        Ledger = _services.GetRequiredService<KafkaLedger>();
    }

    /// <summary>The ledger.</summary>
    public KafkaLedger Ledger { get; }

    /// <summary>How it was opened.</summary>
    public KafkaLedgerOptions Options { get; }

    /// <summary>A new ledger that goes with the test; its topics stay in the broker.</summary>
    public static TemporaryKafkaLedger Open(Func<KafkaLedgerOptions, KafkaLedgerOptions> options)
    {
        var folder = new TemporaryFolder();
        return new(options(SmallIn(folder.Path)), folder);
    }

    /// <summary>A ledger in a folder that somebody else removes.</summary>
    public static TemporaryKafkaLedger Open(KafkaLedgerOptions options) => new(options, folder: null);

    /// <summary>Options for a small ledger in <paramref name="folder"/>, with topics that no other test has.</summary>
    public static KafkaLedgerOptions SmallIn(string folder) => new()
    {
        Folder = folder,
        Bootstrap = "127.0.0.1:1",
        Instance = "test",
        TopicPrefix = $"test.{EventId.New(TimeProvider.System)}.",
        Partitions = 1,
        Replication = 1,
        MinInSync = 1,
        HeartbeatInterval = TimeSpan.Zero,
        FirstRetryDelay = TimeSpan.FromMilliseconds(50),
        LongestRetryDelay = TimeSpan.FromMilliseconds(500),
        Linger = TimeSpan.FromMilliseconds(1),
        MaxRecordBytes = 96 * 1024,
        Spool = new() { SegmentBytes = 256 * 1024, MaxGroupBytes = 192 * 1024 },
    };

    /// <summary>Returns once the ledger is as well as can be.</summary>
    public Task ReadyAsync() => UntilAsync(() => Ledger.Health.Status == LedgerStatus.Ready);

    /// <summary>Returns once everything that was appended is in the cluster.</summary>
    public Task SettledAsync() => UntilAsync(() => Ledger is { Lag.Records: 0, Health.Queued: 0 });

    /// <summary>Appends an event without much in it.</summary>
    /// <param name="key">What decides the partition.</param>
    /// <param name="detail">Text that makes it as long as wanted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<(EventId Id, Appended Appended)> AppendAsync(string? key, string detail, CancellationToken cancellationToken)
    {
        using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Calls, key, new AccessGranted("test", "read", detail));
        return (draft.Id, await Ledger.AppendAsync(draft, cancellationToken));
    }

    /// <summary>Returns once something holds.</summary>
    public async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            if (patience.IsCancellationRequested)
            {
                throw new TimeoutException($"The ledger did not get there: {Ledger.Health} {Ledger.Lag}");
            }

            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _folder?.Dispose();
    }
}
