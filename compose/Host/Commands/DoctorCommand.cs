using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doctor;
using McpLedger.Host.Output;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary><c>doctor</c>: says what is wrong and what to do about it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var schema = new Option<bool>("--print-schema") { Description = "Print the JSON Schema of mcpledger.yaml and stop." };
        var reference = new Option<bool>("--print-reference") { Description = "Print the table of every key and stop." };
        var role = CommonOptions.Role("Whose machine is looked at: only what that part of the system needs there");
        var command = new Command("doctor", "Check the configuration and everything around it: every error at once, each with the fix.") { role, schema, reference };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            if (parsed.GetValue(schema) || parsed.GetValue(reference))
            {
                await Console.Out.WriteAsync(parsed.GetValue(schema) ? ConfigSchema.Write() : ConfigReference.Write());
                return ExitCode.Ok;
            }

            var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
            var findings = await Examination.RunAsync(path, HostRoleNames.Of(parsed.GetValue(role)!), DataFolder.Named(parsed), TimeProvider.System, cancellationToken);
            terminal.Document(findings);
            foreach (var finding in findings)
            {
                terminal.Line(Terminal.OneLine($"{Mark(finding.Level)} {finding.Check}: {finding.Message}"));
                if (finding.Fix is { } fix)
                {
                    terminal.Line(Terminal.OneLine($"    fix: {fix}"));
                }
            }

            return findings.Any(f => f is { Level: FindingLevel.Error, Check: Examination.ConfigurationCheck }) ? ExitCode.Usage
                : findings.Any(f => f.Level == FindingLevel.Error) ? ExitCode.Finding
                : ExitCode.Ok;
        });
    }

    private static string Mark(FindingLevel level) => level switch { FindingLevel.Ok => "ok     ", FindingLevel.Warning => "warning", _ => "ERROR  " };
}
