using System.CommandLine;

namespace McpLedger.Host.Commands;

/// <summary>Options that every verb understands.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document for programs instead of text for people.", Recursive = true };

    public static Option<string?> Config { get; } = new("--config", "-c") { Description = "The configuration file. Default: MCPLEDGER_CONFIG, else ./mcpledger.yaml.", Recursive = true };

    public static Option<string?> Data { get; } = new("--data", "-d") { Description = "The ledger's folder, where there is no configuration file at hand.", Recursive = true };
}
