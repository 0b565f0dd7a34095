using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Stages.Verification;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Commands;

/// <summary>Verifies a ledger whose records are in Kafka: tiles and checkpoints from the sealer's folder, or over the API from a sealer elsewhere.</summary>
internal static class KafkaVerification
{
    public static async Task<int> RunAsync(
        ParseResult parsed, LoadedConfig config, Terminal terminal, VerificationRequest request, Func<VerificationRequest, int> verify, CancellationToken cancellationToken)
    {
        await using var services = RecordedLedger.InKafka(config, HostRoles.Pipeline);
        var reader = services.GetRequiredService<KafkaLedgerReader>();
        var mirror = LiveDoor.Elsewhere(parsed) is null ? null : Directory.CreateTempSubdirectory("mcpledger-verify-");
        try
        {
            if (mirror is not null)
            {
                using var door = LiveDoor.Find(parsed)!;
                var (fault, code) = await TileMirror.FetchAsync(door, KafkaMapping.PartitionsOf(config.File), request.Trusted, mirror.FullName, cancellationToken);
                if (fault is not null)
                {
                    terminal.Error($"mcpledger: {fault}");
                    return code;
                }
            }

            // Blobs lie in the blob store of the projections, which checks them by their digests when it takes them.
            return verify(request with { Folder = mirror?.FullName ?? request.Folder, Records = reader, Blobs = false });
        }
        finally
        {
            mirror?.Delete(recursive: true);
        }
    }
}
