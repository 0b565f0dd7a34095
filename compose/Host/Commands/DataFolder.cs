using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary>Which ledger a verb is about: <c>--data</c>, else what the configuration says, else its default.</summary>
internal static class DataFolder
{
    /// <exception cref="UnreadConfigException">Where it is may stand in a configuration that cannot be read.</exception>
    /// <exception cref="UnavailableException">Whoever runs this may not look into it.</exception>
    public static string Of(ParseResult parsed)
    {
        var folder = Meant(parsed);
        return MayBeLookedInto(folder) ? folder : throw new UnavailableException(
            $"{folder} may not be looked into by '{Environment.UserName}'. Fix: run this as the user that mcpledger runs as (sudo -u USER mcpledger …), or ask it: --api with the address and {CommonOptions.KeyVariable} with a key.");
    }

    /// <summary>The same, whoever may look into it.</summary>
    /// <exception cref="UnreadConfigException">Where it is may stand in a configuration that cannot be read.</exception>
    public static string Meant(ParseResult parsed)
    {
        if (Named(parsed) is { } named)
        {
            return named;
        }

        var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
        var read = ConfigReader.Read(path, HostRoles.None);
        return read.HidesData ? throw new UnreadConfigException(read) : Path.GetFullPath((read.File ?? new()).Ledger.Data, Path.GetDirectoryName(path)!);
    }

    /// <summary>Whether a folder shows what is in it; one that is not there has nothing to show.</summary>
    public static bool MayBeLookedInto(string folder)
    {
        try
        {
            // What lies under a folder that may not be entered looks as if it were not there to all but this.
            if (File.GetAttributes(folder).HasFlag(FileAttributes.Directory))
            {
                using var entries = Directory.EnumerateFileSystemEntries(folder).GetEnumerator();
                entries.MoveNext();
            }

            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>The configuration for a verb that opens its ledger: that of <c>--data</c> where it is given.</summary>
    public static LoadedConfig Into(LoadedConfig config, ParseResult parsed) => config with { NamedData = Named(parsed) };

    /// <summary>The folder of <c>--data</c>; null where it is not given.</summary>
    public static string? Named(ParseResult parsed) => parsed.GetValue(CommonOptions.Data) is { } given ? Path.GetFullPath(given) : null;
}
