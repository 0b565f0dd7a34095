using System.Collections.Immutable;

namespace McpLedger.Gateway.Screening;

/// <summary>What is looked for in what passes, and what follows from it.</summary>
public sealed record ScreeningConfig
{
    /// <summary>Folder of the injection model; null for the one that comes with the program.</summary>
    public string? ModelFolder { get; init; }

    /// <summary>Most characters of a message that are looked through.</summary>
    public int MaxChars { get; init; } = 256 * 1024;

    /// <summary>What was written for everything.</summary>
    public ScreeningChoices Choices { get; init; } = ScreeningChoices.None;
}

/// <summary>What was written for one server.</summary>
public sealed record ServerScreening
{
    /// <summary>Trusted as any, with nothing of its own.</summary>
    public static ServerScreening Ordinary { get; } = new();

    /// <summary>How far the server is trusted: what holds where nothing is written.</summary>
    public ServerTrust Trust { get; init; } = ServerTrust.Ordinary;

    /// <summary>What differs for this server.</summary>
    public ScreeningChoices Choices { get; init; } = ScreeningChoices.None;

    /// <summary>What differs for tools of it, by name.</summary>
    public ImmutableDictionary<string, ScreeningChoices> Tools { get; init; } = ImmutableDictionary<string, ScreeningChoices>.Empty;
}

/// <summary>What was written at one level; whatever is absent, the level above says.</summary>
public sealed record ScreeningChoices
{
    /// <summary>Nothing.</summary>
    public static ScreeningChoices None { get; } = new();

    /// <summary>What follows from which kind of finding, and where.</summary>
    public ImmutableDictionary<(ScreeningPlace Place, ScreeningKind Kind), ScreeningAction> Actions { get; init; } = ImmutableDictionary<(ScreeningPlace, ScreeningKind), ScreeningAction>.Empty;

    /// <summary>Whether code is what its arguments are for.</summary>
    public bool? TakesCode { get; init; }

    /// <summary>Longest time that a message waits for its second stage, from when screening began; zero leaves that stage to whoever follows the log. Where it is absent, a result waits only if it may be withheld.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>What becomes of a message whose second stage ran out of time.</summary>
    public ScreeningLapse? OnTimeout { get; init; }

    /// <summary>What becomes of a message that is longer, or holds more, than is looked through.</summary>
    public ScreeningLapse? OnCut { get; init; }

    /// <summary>What becomes of a message that could not be screened.</summary>
    public ScreeningLapse? OnFailure { get; init; }
}

/// <summary>How far a server is trusted. The zero value trusts least (I7).</summary>
public enum ServerTrust
{
    /// <summary>Its answers are somebody else's words.</summary>
    Untrusted = 0,

    /// <summary>Like most.</summary>
    Ordinary = 1,

    /// <summary>Ours: what is found is told, and nothing is changed or withheld.</summary>
    Trusted = 2,
}

/// <summary>Where a text stands.</summary>
public enum ScreeningPlace
{
    /// <summary>What a client sends: arguments, and its answers to a server's requests.</summary>
    Arguments = 0,

    /// <summary>What a server sends.</summary>
    Results = 1,

    /// <summary>What a server says of its tools.</summary>
    Definitions = 2,

    /// <summary>What is written to the ledger.</summary>
    Ledger = 3,
}

/// <summary>What is found.</summary>
public enum ScreeningKind
{
    /// <summary>Characters and sequences that no screen shows.</summary>
    Hidden = 0,

    /// <summary>Control characters.</summary>
    Control = 1,

    /// <summary>Shapes of code: shell, SQL, templates, active HTML.</summary>
    Code = 2,

    /// <summary>Whoever has it may act as its owner.</summary>
    Secrets = 3,

    /// <summary>Cards, accounts, numbers that a state gave a person.</summary>
    Personal = 4,

    /// <summary>Addresses of persons, machines and wallets.</summary>
    Contacts = 5,

    /// <summary>Instructions that do not belong there.</summary>
    Injection = 6,

    /// <summary>A secret of one server's answer on its way to another.</summary>
    Returned = 7,

    /// <summary>Marks that no honest definition bears.</summary>
    Marks = 8,
}

/// <summary>What follows. The zero value lets nothing through (I7).</summary>
public enum ScreeningAction
{
    /// <summary>It does not pass: a call is refused, an answer withheld, a tool not listed.</summary>
    Refuse = 0,

    /// <summary>It passes with a placeholder where the value stood.</summary>
    Redact = 1,

    /// <summary>It passes without what was found.</summary>
    Strip = 2,

    /// <summary>It passes as it is, and the event says what was found.</summary>
    Flag = 3,

    /// <summary>Nobody looks.</summary>
    Off = 4,
}

/// <summary>What becomes of a message that nobody could look through.</summary>
public enum ScreeningLapse
{
    /// <summary>It does not pass.</summary>
    Refuse = 0,

    /// <summary>It passes, and the event says so.</summary>
    Release = 1,
}
