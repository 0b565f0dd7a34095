using System.CommandLine;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
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
            if (mirror is null)
            {
                return verify(Reading(request, reader));
            }

            // The control log first: what it says was signed must not be newer than what is fetched of the others.
            var partitions = KafkaMapping.PartitionsOf(config.File).OrderByDescending(p => p.Log).ToList();
            using var door = LiveDoor.Find(parsed)!;
            var (fault, code) = await TileMirror.FetchAsync(door, partitions, request.Trusted, mirror.FullName, cancellationToken);
            if (fault is not null)
            {
                terminal.Error($"mcpledger: {fault}");
                return code;
            }

            return verify(Reading(request, reader) with { Folder = mirror.FullName, Renew = partition => Renew(door, partition, request.Trusted, mirror.FullName, cancellationToken) });
        }
        finally
        {
            mirror?.Delete(recursive: true);
        }
    }

    // Blobs lie in the blob store of the projections, which checks them by their digests when it takes them.
    private static VerificationRequest Reading(VerificationRequest request, KafkaLedgerReader reader) => request with { Records = reader, Blobs = false };

    // Records are read from Kafka as they are by then; the tiles that they are held against have to follow.
    private static void Renew(LiveDoor door, LedgerPartition partition, IReadOnlyList<VerifierKey> trusted, string folder, CancellationToken cancellationToken)
    {
        var (fault, _) = TileMirror.FetchAsync(door, [partition], trusted, folder, cancellationToken).GetAwaiter().GetResult();
        if (fault is not null)
        {
            throw new IOException(fault);
        }
    }
}
