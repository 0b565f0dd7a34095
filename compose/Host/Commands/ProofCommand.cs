using System.CommandLine;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Doors;
using McpLedger.Host.Running;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Commands;

/// <summary><c>proof</c>: what shows an outsider that an event is in the log.</summary>
internal static class ProofCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("event") { Description = "The event's id." };
        var output = new Option<string?>("--out", "-o") { Description = "Where to write it. Default: {event}.tlog-proof." };
        var command = new Command("proof", "Write an event's .tlog-proof (C2SP): its leaf, the way to the root, and the signed checkpoint.") { id, output };
        return command.Runs(async (parsed, terminal, cancellationToken) =>
        {
            if (!EventId.TryParse(parsed.GetValue(id), out var read))
            {
                terminal.Error($"mcpledger: '{parsed.GetValue(id)}' is no event's id, which is a UUID in its 36-character form.");
                return ExitCode.Usage;
            }

            var (proof, fault, code) = await ProveAsync(parsed, read, cancellationToken);
            if (proof is null)
            {
                terminal.Error($"mcpledger: {fault}");
                return code;
            }

            var path = Path.GetFullPath(parsed.GetValue(output) ?? $"{read}.tlog-proof");
            await File.WriteAllBytesAsync(path, proof.Encode(), cancellationToken);
            terminal.Document(new { Path = path, Event = read.ToString(), proof.Index, proof.Checkpoint.Origin, proof.Checkpoint.Size });
            terminal.Line($"wrote {path}: leaf {proof.Index} of {proof.Checkpoint.Size}; check it with: mcpledger verify '{path}' --key VKEY");
            return ExitCode.Ok;
        });
    }

    private static async Task<DoorAnswer<TlogProof>> ProveAsync(ParseResult parsed, EventId id, CancellationToken cancellationToken)
    {
        if (LiveDoor.Elsewhere(parsed) is null)
        {
            return new IntegrityFolder(DataFolder.Of(parsed)).Prove(id) is { } found
                ? new(found.Proof, null, ExitCode.Ok)
                : new(null, $"no checkpoint covers event {id}. A new event is covered within a second or two; search finds the ids that there are.", ExitCode.Finding);
        }

        using var door = LiveDoor.Find(parsed)!;
        var (bytes, fault, code) = await door.BytesAsync($"api/v1/events/{id}/proof", cancellationToken);
        return bytes is null ? new(null, fault, code)
            : TlogProof.TryParse(bytes, out var proof) ? new(proof, null, ExitCode.Ok)
            : new(null, "what came back is no .tlog-proof. Fix: --api must lead to the role that seals, or to a balancer before it.", ExitCode.Finding);
    }
}
