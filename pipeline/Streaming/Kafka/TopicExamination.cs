namespace McpLedger.Streaming.Kafka;

/// <summary>A look at the ledger's topics that changes nothing, for whoever wants to know before a role starts.</summary>
/// <param name="options">The ledger's.</param>
/// <param name="telemetry">Where it is told.</param>
public sealed class TopicExamination(KafkaLedgerOptions options, KafkaTelemetry telemetry)
{
    /// <summary>What is missing or not as it should be; empty when all is well.</summary>
    /// <exception cref="IOException">The cluster does not answer, or a topic has fewer partitions than the ledger.</exception>
    public Task<IReadOnlyList<TopicDrift>> RunAsync(CancellationToken cancellationToken) => new KafkaTopics(options, new(options, telemetry), telemetry).ExamineAsync(cancellationToken);
}
