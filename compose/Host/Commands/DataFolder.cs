using System.CommandLine;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Commands;

/// <summary>Which ledger a verb is about: <c>--data</c>, else what the configuration says, else its default.</summary>
internal static class DataFolder
{
    public static string Of(ParseResult parsed)
    {
        if (Named(parsed) is { } named)
        {
            return named;
        }

        var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
        var written = File.Exists(path) ? ConfigReader.Read(path).File : null;
        return Path.GetFullPath((written ?? new()).Ledger.Data, Path.GetDirectoryName(path)!);
    }

    /// <summary>The configuration for a verb that opens its ledger: that of <c>--data</c> where it is given.</summary>
    public static LoadedConfig Into(LoadedConfig config, ParseResult parsed) => config with { NamedData = Named(parsed) };

    private static string? Named(ParseResult parsed) => parsed.GetValue(CommonOptions.Data) is { } given ? Path.GetFullPath(given) : null;
}
