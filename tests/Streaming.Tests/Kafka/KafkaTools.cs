using McpLedger.Streaming.Embedded;
using McpLedger.Streaming.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Doors of the room without a ledger behind them.</summary>
internal static class KafkaTools
{
    private static readonly ServiceProvider Services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<KafkaTelemetry>().AddSingleton<LedgerTelemetry>().BuildServiceProvider();

    public static KafkaTelemetry Telemetry => Services.GetRequiredService<KafkaTelemetry>();

    public static LedgerTelemetry Files => Services.GetRequiredService<LedgerTelemetry>();

    public static KafkaLedgerReader Reader(KafkaLedgerOptions options) => new(options, Telemetry, TimeProvider.System);

    /// <summary>The blob store of a process whose ledger has seen its topics.</summary>
    public static KafkaBlobStore Blobs(KafkaLedgerOptions options)
    {
        var unshipped = new UnshippedBlobs(options);
        unshipped.Find();
        unshipped.Permit();
        return new(options, unshipped, Telemetry, TimeProvider.System);
    }

    public static Task<SpoolShipmentReport> ShipAsync(KafkaLedgerOptions options) => new SpoolShipment(options, Telemetry, TimeProvider.System).RunAsync(CancellationToken.None);
}
