using System.Collections.Immutable;
using System.Text.Json.Nodes;
using McpLedger.Contracts.Events;
using McpLedger.Detectors.Injection;
using McpLedger.Stages.Detection;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Stages.Tests.Detection;

/// <summary>The stage on a ledger, with what a test wants of it.</summary>
internal static class Watching
{
    // One for all tests, as long as the process.
    private static YieldingScheduler Thread { get; } = new("detection");

    /// <summary>The model that comes with the program.</summary>
    public static InjectionModel Shipped { get; } = InjectionModel.Open(ShippedModel.Folder);

    public static DetectionOptions Options(TemporaryLedger ledger) => new() { Folder = ledger.Folder, Source = ledger.Ledger.Identity.SourceOf("detection") };

    public static DetectionPolicy Stops(string detector, DetectionAction action) => new()
    {
        Detectors = ImmutableDictionary<string, DetectorPolicy>.Empty.Add(detector, new() { Action = action, ActFrom = Severity.Medium, For = TimeSpan.FromMinutes(5) }),
    };

    /// <summary>Runs the stage until <paramref name="isDone"/>, then stops it in good order.</summary>
    public static Task RunAsync(TemporaryLedger ledger, DetectionOptions options, Func<Task<bool>> isDone) => RunAsync(ledger, options, _ => isDone());

    /// <summary>The same, with the consumers that run.</summary>
    public static async Task RunAsync(TemporaryLedger ledger, DetectionOptions options, Func<RunningConsumers, Task<bool>> isDone)
    {
        await using var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System).AddLogging().AddMetrics()
            .AddSingleton<ILedgerReader>(ledger.Ledger).AddSingleton<ILedgerWriter>(ledger.Ledger).AddSingleton<IBlobStore>(new BlobFolder(ledger.Folder))
            .AddSingleton<IParkingLot>(new ParkingFolder(ledger.Folder, TimeProvider.System)).AddSingleton<IHostApplicationLifetime>(new Lifetime())
            .AddDetection(options).BuildServiceProvider();
        using var longest = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(longest.Token);
        while (!await isDone(services.GetRequiredService<RunningConsumers>()))
        {
            await Task.Delay(20, longest.Token);
        }

        await service.StopAsync(longest.Token);
    }

    /// <summary>A handler of the calls, without models where none is given: rules alone.</summary>
    public static DetectionHandler Handler(TemporaryLedger ledger, DetectionOptions options, ILedgerWriter? writer = null, InjectionModel? model = null, TimeProvider? time = null, ILedgerReader? reader = null) => new(
        LedgerPartition.Calls,
        new CallWatch(model is null ? null : new TextScoring(model), null, options.Policy, options.Limits),
        new DetectionVoice(writer ?? ledger.Ledger, ledger.Ledger, options, time ?? TimeProvider.System),
        reader ?? ledger.Ledger,
        new BlobFolder(ledger.Folder),
        Thread,
        options,
        Telemetry(),
        time ?? TimeProvider.System);

    /// <summary>The shipped injection model under another name, so that its digest is another; what else differs <paramref name="change"/> says.</summary>
    public static string OtherModel(string folder, Action<JsonNode>? change = null)
    {
        var path = Path.Combine(folder, "other-model");
        Directory.CreateDirectory(path);
        foreach (var entry in Directory.EnumerateFileSystemEntries(ShippedModel.Folder).Where(entry => Path.GetFileName(entry) != "model.json"))
        {
            File.CreateSymbolicLink(Path.Combine(path, Path.GetFileName(entry)), entry);
        }

        var manifest = JsonNode.Parse(File.ReadAllBytes(Path.Combine(ShippedModel.Folder, "model.json")))!;
        manifest["id"] = "other";
        change?.Invoke(manifest);
        File.WriteAllText(Path.Combine(path, "model.json"), manifest.ToJsonString());
        return path;
    }

    /// <summary>Hands a handler everything from its position on, in one batch.</summary>
    public static async Task FeedAsync(TemporaryLedger ledger, DetectionHandler handler)
    {
        var from = await handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None);
        var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, from);
        await handler.HandleAsync(new ConsumedBatch(LedgerPartition.Calls, records, records.Count == 0 ? from : records[^1].Offset + 1), CancellationToken.None);
    }

    private static DetectionTelemetry Telemetry()
    {
        var services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<DetectionTelemetry>().BuildServiceProvider();
        return services.GetRequiredService<DetectionTelemetry>();
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
