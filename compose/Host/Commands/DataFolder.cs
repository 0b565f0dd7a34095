using System.CommandLine;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Commands;

/// <summary>Which ledger a verb is about: <c>--data</c>, else what the configuration says, else its default.</summary>
internal static class DataFolder
{
    public static string Of(ParseResult parsed)
    {
        if (parsed.GetValue(CommonOptions.Data) is { } given)
        {
            return Path.GetFullPath(given);
        }

        var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
        var written = File.Exists(path) ? ConfigReader.Read(path).File : null;
        return Path.GetFullPath((written ?? new()).Ledger.Data, Path.GetDirectoryName(path)!);
    }
}
