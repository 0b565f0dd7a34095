using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary>Which ledger a verb is about: <c>--data</c>, else what the configuration says, else its default.</summary>
internal static class DataFolder
{
    /// <exception cref="UnreadConfigException">Where it is may stand in a configuration that cannot be read.</exception>
    public static string Of(ParseResult parsed)
    {
        if (Named(parsed) is { } named)
        {
            return named;
        }

        var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
        var read = ConfigReader.Read(path, HostRoles.None);
        return read.HidesData ? throw new UnreadConfigException(read) : Path.GetFullPath((read.File ?? new()).Ledger.Data, Path.GetDirectoryName(path)!);
    }

    /// <summary>The configuration for a verb that opens its ledger: that of <c>--data</c> where it is given.</summary>
    public static LoadedConfig Into(LoadedConfig config, ParseResult parsed) => config with { NamedData = Named(parsed) };

    /// <summary>The folder of <c>--data</c>; null where it is not given.</summary>
    public static string? Named(ParseResult parsed) => parsed.GetValue(CommonOptions.Data) is { } given ? Path.GetFullPath(given) : null;
}
