using McpLedger.Host.Configuration;
using McpLedger.Host.Output;

namespace McpLedger.Host.Commands;

/// <summary>Tells everything that is wrong with a configuration, the same way for every verb.</summary>
internal static class Faults
{
    public static int Say(Terminal terminal, ConfigRead read)
    {
        terminal.Document(new { read.Path, Errors = read.Faults });
        foreach (var fault in read.Faults)
        {
            terminal.Error(fault.Describe(read.Path));
        }

        return ExitCode.Usage;
    }
}
