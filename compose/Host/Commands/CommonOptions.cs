using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary>Options that every verb understands.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document for programs instead of text for people.", Recursive = true };

    public static Option<string?> Config { get; } = new("--config", "-c") { Description = "The configuration file. Default: MCPLEDGER_CONFIG, else ./mcpledger.yaml.", Recursive = true };

    /// <summary>Environment variable that stands for <see cref="Api"/>.</summary>
    public const string ApiVariable = "MCPLEDGER_API";

    /// <summary>Environment variable with the key that is shown to the API and to the gateway.</summary>
    public const string KeyVariable = "MCPLEDGER_KEY";

    private const string Ago = "now-";
    private const int LongestAgo = 36_500;
    private const string NoAddress = "is no address. Fix: write all of it, such as https://mcp.example.com";

    public static Option<Uri?> Api { get; } = Address("--api", $"Base address of the API, when it is not this machine's: a projections role, or a balancer before the roles. Default: {ApiVariable}. The key is taken from {KeyVariable}. Verbs that are about files of this machine refuse it, and heed no {ApiVariable}.", recursive: true);

    public static Option<string?> Data { get; } = new("--data", "-d") { Description = "The ledger's folder, where there is no configuration file at hand.", Recursive = true };

    /// <summary>An option that takes what <see cref="Output.Terminal.More"/> said.</summary>
    public static Option<string?> Cursor() => new("--cursor") { Description = "The cursor of the page before." };

    /// <summary>An option that takes a role.</summary>
    public static Option<string> Role(string description)
    {
        var role = new Option<string>("--role") { Description = $"{description}: {string.Join(", ", HostRoleNames.Known)}. On the embedded ledger only 'all'.", DefaultValueFactory = _ => "all" };
        role.AcceptOnlyFromAmong(HostRoleNames.Known);
        return role;
    }

    /// <summary>An option that takes a time: of UTC where it does not say, like every time that is shown; or, as in queries, so long before now.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = static result =>
        {
            var text = result.Tokens[^1].Value;
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                return time;
            }

            if (text.StartsWith(Ago, StringComparison.Ordinal) && Scalars.Duration(text[Ago.Length..]) is { TotalDays: < LongestAgo } ago)
            {
                return TimeProvider.System.GetUtcNow() - ago;
            }

            result.AddError($"'{text}' is no time. Fix: write it as ISO 8601, such as 2026-11-24T10:00:00Z, or as {Ago}1h (s, m, h, d)");
            return null;
        },
    };

    /// <summary>The API's address in the environment; null when there is none.</summary>
    /// <exception cref="UsageException">It is no address.</exception>
    public static Uri? ApiOfEnvironment() => Environment.GetEnvironmentVariable(ApiVariable) is not { Length: > 0 } text ? null
        : AddressOf(text) ?? throw new UsageException($"{ApiVariable}: '{text}' {NoAddress}");

    /// <summary>The key in the environment; null when there is none.</summary>
    /// <exception cref="UsageException">No header can carry it.</exception>
    public static string? KeyOfEnvironment() => Environment.GetEnvironmentVariable(KeyVariable)?.Trim() is not { Length: > 0 } key ? null
        : ServerHeaders.CanBeSent(key) ? key : throw new UsageException($"{KeyVariable}: it holds a line break or a sign that no header can carry. Fix: set it to one key alone, as 'mcpledger keys create' printed it");

    /// <summary>For what is done on this machine alone. What the environment says is for the verbs beside it.</summary>
    /// <exception cref="UsageException">The command line names an address of the API.</exception>
    public static void RefuseApi(ParseResult parsed)
    {
        if (parsed.GetResult(Api) is { Implicit: false })
        {
            throw new UsageException("--api is not heeded here: this is about files of this machine, or of the folder that --data names. Fix: leave --api out, or run it where they are.");
        }
    }

    private static Uri? AddressOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : null;

    /// <summary>An option that takes an address: the library that reads command lines knows none.</summary>
    public static Option<Uri?> Address(string name, string description, bool recursive) => new(name)
    {
        Description = description,
        Recursive = recursive,
        CustomParser = static result =>
        {
            var text = result.Tokens[^1].Value;
            if (AddressOf(text) is { } address)
            {
                return address;
            }

            result.AddError($"'{text}' {NoAddress}");
            return null;
        },
    };
}
