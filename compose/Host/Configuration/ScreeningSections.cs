using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace McpLedger.Host.Configuration;

/// <summary>What is looked for in what passes. Keys without a default follow the server's trust (gateway/README.md, Screening).</summary>
internal sealed record ScreeningSection
{
    [Description("on: arguments, answers and definitions of tools are looked through before they pass. off: nothing is.")]
    [AllowedValues("on", "off")]
    public string Mode { get; init; } = "on";

    [Description("Folder of another injection model, relative to this file. Default: the one that comes with the program.")]
    public string? Model { get; init; }

    [Description("Most characters of one message that are looked through.")]
    [Range(1024, 16 * 1024 * 1024)]
    public int Longest { get; init; } = 256 * 1024;

    [Description("Longest time that a message waits for the second stage of the injection model. 0ms leaves that stage to the pipeline. Default: 50ms, and 0ms for results of which injection is only flagged.")]
    public TimeSpan? Budget { get; init; }

    [Description("A message whose second stage ran out of time: release (the event says so, the pipeline finishes it) or refuse. Default: release.")]
    [AllowedValues("release", "refuse")]
    public string? OnTimeout { get; init; }

    [Description("A message that is longer, or holds more, than is looked through; a finding says so. Default: release, and refuse for servers whose trust is untrusted.")]
    [AllowedValues("release", "refuse")]
    public string? OnCut { get; init; }

    [Description("A message that could not be screened because the screening broke. Default: refuse.")]
    [AllowedValues("release", "refuse")]
    public string? OnFailure { get; init; }

    [Description("What follows from what is found in what clients send.")]
    public ScreeningArgumentsSection Arguments { get; init; } = new();

    [Description("What follows from what is found in what servers send.")]
    public ScreeningResultsSection Results { get; init; } = new();

    [Description("What follows from what is found in definitions of tools and in servers' instructions; refuse withholds the tool, or the instructions, until 'mcpledger tools approve'.")]
    public ScreeningDefinitionsSection Definitions { get; init; } = new();

    [Description("What of values that were found is written to the ledger.")]
    public ScreeningLedgerSection Ledger { get; init; } = new();
}

internal sealed record ServerScreeningSection
{
    [Description("How far the server is trusted, which says what holds where no key does: untrusted (secrets are redacted, attacks and what is too long to be read withheld), ordinary, trusted (what is found is told, nothing is changed).")]
    [AllowedValues("untrusted", "ordinary", "trusted")]
    public string Trust { get; init; } = "ordinary";

    [Description("As screening.budget, for this server.")]
    public TimeSpan? Budget { get; init; }

    [Description("As screening.onTimeout, for this server.")]
    [AllowedValues("release", "refuse")]
    public string? OnTimeout { get; init; }

    [Description("As screening.onCut, for this server.")]
    [AllowedValues("release", "refuse")]
    public string? OnCut { get; init; }

    [Description("As screening.onFailure, for this server.")]
    [AllowedValues("release", "refuse")]
    public string? OnFailure { get; init; }

    [Description("As screening.arguments, for this server.")]
    public ScreeningArgumentsSection Arguments { get; init; } = new();

    [Description("As screening.results, for this server.")]
    public ScreeningResultsSection Results { get; init; } = new();

    [Description("As screening.definitions, for this server.")]
    public ScreeningDefinitionsSection Definitions { get; init; } = new();

    [Description("What differs for tools of this server, by name.")]
    public ImmutableDictionary<string, ToolScreeningSection> Tools { get; init; } = ImmutableDictionary<string, ToolScreeningSection>.Empty;
}

internal sealed record ToolScreeningSection
{
    [Description("The tool's arguments are code: shapes of code in them are no finding.")]
    public bool TakesCode { get; init; }

    [Description("As screening.arguments, for this tool.")]
    public ScreeningArgumentsSection Arguments { get; init; } = new();

    [Description("As screening.results, for this tool.")]
    public ScreeningResultsSection Results { get; init; } = new();
}

internal sealed record ScreeningArgumentsSection
{
    [Description("Characters and sequences that no screen shows.")]
    [AllowedValues("off", "flag", "strip", "refuse")]
    public string? Hidden { get; init; }

    [Description("Control characters.")]
    [AllowedValues("off", "flag", "strip", "refuse")]
    public string? Control { get; init; }

    [Description("Shapes of code: shell, SQL, templates, active HTML, script addresses.")]
    [AllowedValues("off", "flag", "strip", "refuse")]
    public string? Code { get; init; }

    [Description("Keys, tokens, passwords.")]
    [AllowedValues("off", "flag", "redact", "refuse")]
    public string? Secrets { get; init; }

    [Description("Cards, accounts, numbers that a state gave a person.")]
    [AllowedValues("off", "flag", "redact", "refuse")]
    public string? Personal { get; init; }

    [Description("Addresses of mail, telephones, machines, wallets.")]
    [AllowedValues("off", "flag", "redact", "refuse")]
    public string? Contacts { get; init; }

    [Description("Instructions to a model that read like an attack.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Injection { get; init; }

    [Description("A secret that another server sent to the same caller, in any encoding.")]
    [AllowedValues("off", "flag", "redact", "refuse")]
    public string? Returned { get; init; }
}

internal sealed record ScreeningResultsSection
{
    [Description("Characters and sequences that no screen shows.")]
    [AllowedValues("off", "flag", "strip", "refuse")]
    public string? Hidden { get; init; }

    [Description("Control characters.")]
    [AllowedValues("off", "flag", "strip", "refuse")]
    public string? Control { get; init; }

    [Description("Shapes of code: shell, SQL, templates, active HTML, script addresses.")]
    [AllowedValues("off", "flag", "strip", "refuse")]
    public string? Code { get; init; }

    [Description("Keys, tokens, passwords.")]
    [AllowedValues("off", "flag", "redact", "refuse")]
    public string? Secrets { get; init; }

    [Description("Cards, accounts, numbers that a state gave a person.")]
    [AllowedValues("off", "flag", "redact", "refuse")]
    public string? Personal { get; init; }

    [Description("Addresses of mail, telephones, machines, wallets.")]
    [AllowedValues("off", "flag", "redact", "refuse")]
    public string? Contacts { get; init; }

    [Description("Instructions to a model that do not belong there. refuse withholds the answer.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Injection { get; init; }
}

internal sealed record ScreeningDefinitionsSection
{
    [Description("Text that is certainly hidden: tag characters, reversed reading direction, unseen characters inside a word.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Hidden { get; init; }

    [Description("Control characters, and sequences that a terminal obeys. Nothing is stripped from definitions: what is approved is their exact bytes.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Control { get; init; }

    [Description("Shapes of code: shell, SQL, templates, active HTML, script addresses.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Code { get; init; }

    [Description("Marks that no honest definition bears: instruction tags, comments in markup, secrecy from the user, overriding of instructions.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Marks { get; init; }

    [Description("Definitions, and what servers say about themselves, that read like an attack.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Injection { get; init; }

    [Description("Keys and tokens.")]
    [AllowedValues("off", "flag", "refuse")]
    public string? Secrets { get; init; }
}

internal sealed record ScreeningLedgerSection
{
    [Description("redact: a placeholder with a keyed hash stands where a secret stood; keep: the secret is written.")]
    [AllowedValues("redact", "keep")]
    public string? Secrets { get; init; }

    [Description("The same for cards, accounts, and numbers of persons.")]
    [AllowedValues("redact", "keep")]
    public string? Personal { get; init; }

    [Description("The same for addresses.")]
    [AllowedValues("redact", "keep")]
    public string? Contacts { get; init; }
}
