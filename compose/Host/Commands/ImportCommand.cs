using System.CommandLine;
using McpLedger.Host.Clients;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Commands;

/// <summary><c>import</c>: takes the servers of a client's configuration.</summary>
internal static class ImportCommand
{
    private const string CommentsGo = "the file is written anew, and comments in it go; they stay in the one that is kept beside it";

    public static Command Create()
    {
        var source = new Argument<string>("FILE") { Description = "A client's configuration with mcpServers in it, such as ~/.cursor/mcp.json; - reads standard input." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what would be written and write nothing." };
        var replace = new Option<bool>("--replace") { Description = "Take the imported server where one of that name is there already." };
        var command = new Command("import", "Put the servers of a client's configuration behind the gateway; secrets move to files of mode 0600.") { source, dryRun, replace };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            var from = parsed.GetValue(source)!;
            if (from != "-" && !File.Exists(from))
            {
                terminal.Error($"mcpledger: there is no file {from}.");
                return ExitCode.Usage;
            }

            var text = from == "-" ? await Console.In.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(from, cancellationToken);
            if (McpServersJson.Read(text, out var fault) is not { } servers)
            {
                terminal.Error($"mcpledger: {from}: {fault}.");
                return ExitCode.Usage;
            }

            var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
            var existing = new ConfigFile();
            var before = "";
            if (File.Exists(path))
            {
                before = await File.ReadAllTextAsync(path, cancellationToken);
                var read = ConfigReader.ReadWritten(path);
                if (read.Config is null)
                {
                    return Faults.Say(terminal, read);
                }

                existing = read.Config.File;
            }

            var plan = Import.Plan(existing, servers, parsed.GetValue(replace), file => ImportWriter.SecretIn(path, file));
            plan = plan.LosesComments(before) ? plan with { Notes = [.. plan.Notes, CommentsGo] } : plan;
            var write = !parsed.GetValue(dryRun) && plan.Imported.Count > 0;
            var kept = write ? ImportWriter.Write(path, plan, TimeProvider.System) : null;
            terminal.Document(new { Path = path, Written = write, Backup = kept, plan.Imported, Secrets = plan.Secrets.Select(s => s.File), plan.Notes, Yaml = write ? null : plan.Text });
            foreach (var line in Say(plan, path, write, kept))
            {
                terminal.Line(line);
            }

            return plan.Imported.Count > 0 || plan.Notes.All(n => n.EndsWith("already", StringComparison.Ordinal)) ? ExitCode.Ok : ExitCode.Finding;
        });
    }

    private static IEnumerable<string> Say(ImportPlan plan, string path, bool written, string? kept)
    {
        if (!written && plan.Imported.Count > 0)
        {
            yield return plan.Text;
        }

        yield return $"{(written ? "imported" : "would import")} {plan.Imported.Count} server(s){(plan.Imported.Count > 0 ? ": " + string.Join(", ", plan.Imported) : "")}";
        foreach (var secret in plan.Secrets.Where(s => s.Value is not null))
        {
            yield return $"secret {(written ? "moved" : "would move")} to {secret.File} (mode 0600)";
        }

        foreach (var note in plan.Notes)
        {
            yield return $"note: {note}";
        }

        if (written)
        {
            yield return $"wrote {path}{(kept is null ? "" : $"; the old one is {kept}")}";
            yield return "the rule 'imported' lets programs on this machine call these servers; next: mcpledger doctor, then mcpledger up";
        }
    }
}
