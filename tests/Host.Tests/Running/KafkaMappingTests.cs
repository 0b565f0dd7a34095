using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Host.Tests.Running;

public sealed class KafkaMappingTests
{
    [Theory]
    [InlineData("gateway", false, true)]
    [InlineData("pipeline", true, false)]
    [InlineData("projections", true, false)]
    [InlineData("all", true, true)]
    public void Blobs_stay_where_they_are_read_and_calls_are_written_where_they_are_taken(string role, bool keepsBlobs, bool writesCalls)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "mcpledger.yaml");
        File.WriteAllText(path, "kafka: { bootstrap: ['127.0.0.1:9092'] }\n");
        var read = ConfigReader.Read(path);
        Assert.Empty(read.Faults);
        var options = KafkaMapping.ToLedger(read.Config!, HostRoleNames.Of(role));
        Assert.Equal((keepsBlobs, writesCalls), (options.KeepsBlobs, options.WritesCalls));
    }
}
