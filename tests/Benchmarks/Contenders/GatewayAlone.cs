using System.Collections.Immutable;
using McpLedger.Gateway;
using McpLedger.Gateway.Configuration;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Streaming.Recording;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>
/// The gateway room with the embedded ledger, or with one that drops everything, and no other role: what bare YARP is compared with.
/// Sealer and projections are consumers that take their share of the same cores when they run beside it; <c>mcpledger up</c> is measured as well.
/// </summary>
internal static class GatewayAlone
{
    public const string FiguresPath = "/figures";

    /// <param name="way">strict | off | screened | kafka-disk | kafka-quorum: where calls become durable; all but screened look through nothing.</param>
    /// <param name="upstream">The server behind it.</param>
    /// <param name="folder">Its data folder.</param>
    /// <param name="brokers">Kafka, for the ways that need it.</param>
    public static async Task<int> ServeAsync(string way, Uri upstream, string folder, string? brokers)
    {
        await using var embedded = brokers is null ? await TemporaryLedger.OpenAsync(new() { Folder = folder, Instance = "bench" }, TimeProvider.System) : null;
        await using var kafka = brokers is null ? null : TemporaryKafkaLedger.Open(new KafkaLedgerOptions
        {
            Folder = folder,
            Bootstrap = brokers,
            TopicPrefix = $"{way}.",
            Instance = "bench",
            Replication = 1,
            MinInSync = 1,
            Durable = way == "kafka-disk" ? KafkaDurability.Disk : KafkaDurability.Quorum,
        });
        await (kafka?.ReadyAsync() ?? Task.CompletedTask);
        ILedger ledger = embedded is null ? kafka!.Ledger : embedded.Ledger;
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenLocalhostOn(0));
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging();
        builder.Services.AddSingleton<ILedgerWriter>(way == "off" ? new DroppingLedger() : ledger);
        builder.Services.AddSingleton<ILedgerReader>(ledger).AddSingleton<IBlobStore>(new BlobFolder(folder));
        builder.Services.AddGateway(new() { Instance = "bench", Source = "/gateway/bench/1", SessionKeyFile = Path.Combine(folder, "sessions.key") });
        await using var app = builder.Build();
        app.UseRouting();
        app.MapGateway();
        using var figures = ScreeningFigures.Listen();
        app.MapGet(FiguresPath, figures.ToString);
        await app.StartAsync();
        var config = ConfigFor(upstream) with { Screening = way == "screened" ? new() : null };
        if (!await app.Services.GetRequiredService<GatewayConfigSource>().PublishAsync(config, "start", CancellationToken.None))
        {
            throw new InvalidOperationException("The ledger took no policy.");
        }

        return await app.SayAndServeAsync();
    }

    private static GatewayConfig ConfigFor(Uri upstream) => GatewayConfig.Empty with
    {
        AnonymousOnLoopback = true,
        Servers = GatewayConfig.Empty.Servers.Add("json", ServerOf("json", new(upstream, "json"))).Add("sse", ServerOf("sse", new(upstream, "sse"))).Add("texts", ServerOf("texts", new(upstream, "texts"))),
        Rules = [new() { Id = "everything", Effect = RuleEffect.Allow }],
    };

    private static ServerConfig ServerOf(string name, Uri destination) => new()
    {
        Name = name,
        Transport = UpstreamTransport.StreamableHttp,
        Destinations = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("one", destination)]),
    };
}
