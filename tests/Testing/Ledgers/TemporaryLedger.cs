using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Embedded;
using Microsoft.Extensions.DependencyInjection;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Testing.Ledgers;

/// <summary>A real embedded ledger in a folder of its own: small segments, no heartbeats, quick tries after a failure.</summary>
public sealed class TemporaryLedger : IAsyncDisposable
{
    private readonly TemporaryFolder? _folder;
    private readonly ServiceProvider _services;

    private TemporaryLedger(TemporaryFolder? folder, ServiceProvider services, EmbeddedLedger ledger, EmbeddedLedgerOptions options) =>
        (_folder, _services, Ledger, Options) = (folder, services, ledger, options);

    /// <summary>The ledger.</summary>
    public EmbeddedLedger Ledger { get; }

    /// <summary>How it was opened.</summary>
    public EmbeddedLedgerOptions Options { get; }

    /// <summary>Its data folder.</summary>
    public string Folder => Options.Folder;

    /// <summary>Options for a small ledger in <paramref name="folder"/>.</summary>
    public static EmbeddedLedgerOptions SmallIn(string folder) => new()
    {
        Folder = folder,
        Instance = "test",
        SegmentBytes = 256 * 1024,
        ControlSegmentBytes = 256 * 1024,
        MaxRecordBytes = 96 * 1024,
        MaxGroupBytes = 192 * 1024,
        HeartbeatInterval = TimeSpan.Zero,
        FirstProbeDelay = TimeSpan.FromMilliseconds(20),
        LongestProbeDelay = TimeSpan.FromMilliseconds(100),
    };

    /// <summary>A new ledger that goes with the test.</summary>
    public static async Task<TemporaryLedger> OpenAsync()
    {
        var folder = new TemporaryFolder();
        return await OpenAsync(SmallIn(folder.Path), TimeProvider.System, folder);
    }

    /// <summary>A ledger in a folder that somebody else removes.</summary>
    public static Task<TemporaryLedger> OpenAsync(EmbeddedLedgerOptions options, TimeProvider time) => OpenAsync(options, time, folder: null);

    /// <summary>An event without much in it.</summary>
    /// <param name="log">The log it goes to.</param>
    /// <param name="detail">Text that makes it as long as wanted.</param>
    public static EventDraft Draft(LedgerLog log, string detail) =>
        EventDraft.Write(
            EventId.New(TimeProvider.System),
            "/test/test/1",
            TimeProvider.System.GetUtcNow(),
            subject: null,
            log,
            key: null,
            new AccessGranted("test", "read", detail));

    /// <summary>Appends an event without much in it.</summary>
    public async Task<Appended> AppendAsync(LedgerLog log, string detail)
    {
        using var draft = Draft(log, detail);
        return await Ledger.AppendAsync(draft, CancellationToken.None);
    }

    /// <summary>Every record of a partition from <paramref name="from"/> on; fails on damage.</summary>
    public static async Task<IReadOnlyList<LedgerRecord>> ReadAllAsync(ILedgerReader reader, LedgerPartition partition, long from)
    {
        var all = new List<LedgerRecord>();
        while (true)
        {
            var batch = await reader.ReadAsync(partition, from, 64 * 1024, CancellationToken.None);
            all.AddRange(batch.Records);
            if (batch.Damage is { } damage)
            {
                throw new InvalidDataException(damage);
            }

            if (batch.Records.Count == 0)
            {
                return all;
            }

            from = batch.Next;
        }
    }

    /// <summary>Closes the ledger and keeps its folder.</summary>
    public ValueTask CloseAsync() => Ledger.DisposeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Ledger.DisposeAsync();
        await _services.DisposeAsync();
        _folder?.Dispose();
    }

    private static async Task<TemporaryLedger> OpenAsync(EmbeddedLedgerOptions options, TimeProvider time, TemporaryFolder? folder)
    {
        var services = new ServiceCollection().AddSingleton(time).AddLogging().AddEmbeddedLedger(options).BuildServiceProvider();
        var ledger = await EmbeddedLedger.OpenAsync(options, services.GetRequiredService<LedgerCounters>(), time, services.GetRequiredService<LedgerTelemetry>());
        return new(folder, services, ledger, options);
    }
}
