using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Identity;

/// <summary>Who asks. The one answer to that question: nothing else in the gateway looks at credentials.</summary>
internal sealed record Principal
{
    /// <summary>Nobody we know.</summary>
    public static Principal Unknown { get; } = new() { Issuer = "", Subject = "unknown", Kind = "unknown", Authentication = "none" };

    /// <summary>Whoever sits at this machine and needs no credential there.</summary>
    public static Principal Anonymous { get; } = new() { Issuer = "", Subject = "anonymous", Kind = "anonymous", Authentication = "anonymous" };

    /// <summary>Who vouches for the subject: <c>mcpledger</c> for API keys, empty where nobody does.</summary>
    public required string Issuer { get; init; }

    /// <summary>Stable name of the principal; what rules and session bindings mean.</summary>
    public required string Subject { get; init; }

    /// <summary>human | service | agent | anonymous | unknown.</summary>
    public required string Kind { get; init; }

    /// <summary>Teams it belongs to.</summary>
    public IReadOnlyList<string> Teams { get; init; } = [];

    /// <summary>Which agent acts for it, where that is known.</summary>
    public string? Agent { get; init; }

    /// <summary>Which registered client presented it, where that is known.</summary>
    public string? Client { get; init; }

    /// <summary>How it was authenticated, as events say it.</summary>
    public required string Authentication { get; init; }

    /// <summary>Id of the API key that was presented; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>Whether it is <see cref="Anonymous"/>.</summary>
    public bool IsAnonymous => Authentication == Anonymous.Authentication;

    /// <summary>What sessions are bound to: two issuers may know the same subject.</summary>
    public string Binding => $"{Issuer}|{Subject}";

    /// <summary>The principal as an event says it.</summary>
    /// <param name="client">The client's own word about itself.</param>
    public Caller ToCaller(string? client) =>
        new() { Principal = Subject, Kind = Kind, Teams = Teams, Authentication = Authentication, Agent = Agent, Client = Client ?? client };
}
