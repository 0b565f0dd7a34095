using System.CommandLine;
using System.Text.Json;
using McpLedger.Host.Clients;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary><c>export</c>: the configuration that a client needs.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var client = new Option<string>("--client") { Description = $"Whose form: {string.Join(", ", Export.Clients)}.", DefaultValueFactory = _ => "generic" };
        client.AcceptOnlyFromAmong([.. Export.Clients]);
        var server = new Option<string[]>("--server") { Description = "Only these servers; may be given more than once." };
        var into = new Option<string?>("--into") { Description = "Put it into this file, whose other entries stay; what was there is kept beside it." };
        var dryRun = new Option<bool>("--dry-run") { Description = "With --into: show what would be written and write nothing." };
        var command = new Command("export", "Print the configuration with which a client reaches its servers through the gateway.") { client, server, into, dryRun };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.None);
            if (read.Config is not { } config)
            {
                return Faults.Say(terminal, read);
            }

            string[] known = [.. config.File.Servers.Keys.Order(StringComparer.Ordinal)];
            var wanted = parsed.GetValue(server) is { Length: > 0 } names ? names : [.. known];
            if (wanted.FirstOrDefault(w => !known.Contains(w, StringComparer.Ordinal)) is { } unknown)
            {
                terminal.Error($"mcpledger: there is no server '{unknown}'. Fix: name one of {string.Join(", ", known)}");
                return ExitCode.Usage;
            }

            var path = parsed.GetValue(into) is { } given ? Path.GetFullPath(given) : null;
            var present = path is not null && File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : null;
            string text;
            try
            {
                text = Export.Write(config, parsed.GetValue(client)!, wanted, present);
            }
            catch (JsonException e)
            {
                terminal.Error($"mcpledger: {path} is not JSON: {e.Message} Fix: repair it, or name another file with --into");
                return ExitCode.Usage;
            }

            if (path is null || parsed.GetValue(dryRun))
            {
                await Console.Out.WriteAsync(text);
                return ExitCode.Ok;
            }

            var kept = ImportWriter.ReplaceKeeping(path, text, TimeProvider.System);
            terminal.Document(new { Path = path, Backup = kept, Servers = wanted });
            terminal.Line($"wrote {path}{(kept is null ? "" : $"; to go back: cp '{kept}' '{path}'")}");
            return ExitCode.Ok;
        });
    }
}
