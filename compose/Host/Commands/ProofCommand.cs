using System.CommandLine;
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

            if (new IntegrityFolder(DataFolder.Of(parsed)).Prove(read) is not { } found)
            {
                terminal.Error($"mcpledger: no checkpoint covers event {read}. A new event is covered within a second or two; search finds the ids that there are.");
                return ExitCode.Finding;
            }

            var path = Path.GetFullPath(parsed.GetValue(output) ?? $"{read}.tlog-proof");
            await File.WriteAllBytesAsync(path, found.Proof.Encode(), cancellationToken);
            terminal.Document(new { Path = path, Event = read.ToString(), found.Proof.Index, found.Proof.Checkpoint.Origin, found.Proof.Checkpoint.Size });
            terminal.Line($"wrote {path}: leaf {found.Proof.Index} of {found.Proof.Checkpoint.Size}; check it with: mcpledger verify '{path}' --key VKEY");
            return ExitCode.Ok;
        });
    }
}
