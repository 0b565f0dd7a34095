using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;

[assembly: AssemblyFixture(typeof(KafkaBroker))]

// Most of these tests wait, for what does not answer and for what is tried again: more of them at a time than there are cores.
[assembly: Xunit.v3.Parallelization(MaxThreads = 6)]

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>The suite on a ledger in Kafka, once for each place where calls may become durable.</summary>
public abstract class KafkaCompliance(KafkaDurability durable) : LedgerCompliance
{
    private TemporaryKafkaLedger? _ledger;

    protected async Task<(ILedgerWriter Writer, ILedgerReader Reader)> OpenAsync(Func<KafkaLedgerOptions, KafkaLedgerOptions> options)
    {
        _ledger = TemporaryKafkaLedger.Open(o => options(o with { Durable = durable }));
        await _ledger.ReadyAsync();
        return (_ledger.Ledger, _ledger.Ledger);
    }

    protected override Task SettledAsync() => _ledger!.SettledAsync();

    protected override ValueTask CloseAsync() => _ledger?.DisposeAsync() ?? default;
}

public abstract class MockKafkaCompliance(KafkaDurability durable) : KafkaCompliance(durable)
{
    private readonly MockCluster _cluster = new(3);

    protected override Task<(ILedgerWriter Writer, ILedgerReader Reader)> OpenAsync() => OpenAsync(_cluster.Hold);

    protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync();
        _cluster.Dispose();
    }
}

public abstract class RealKafkaCompliance(KafkaDurability durable, KafkaBroker broker) : KafkaCompliance(durable)
{
    protected override async Task<(ILedgerWriter Writer, ILedgerReader Reader)> OpenAsync()
    {
        var (bootstrap, reason) = await broker.FindAsync();
        Assert.SkipWhen(bootstrap is null, reason ?? "");
        return await OpenAsync(o => o with { Bootstrap = bootstrap! });
    }
}

public sealed class MockKafkaQuorumComplianceTests() : MockKafkaCompliance(KafkaDurability.Quorum);

public sealed class MockKafkaDiskComplianceTests() : MockKafkaCompliance(KafkaDurability.Disk);

public sealed class KafkaQuorumComplianceTests(KafkaBroker broker) : RealKafkaCompliance(KafkaDurability.Quorum, broker);

public sealed class KafkaDiskComplianceTests(KafkaBroker broker) : RealKafkaCompliance(KafkaDurability.Disk, broker);
