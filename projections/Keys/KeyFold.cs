using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Keys;

/// <summary>An API key, without anything that could authenticate.</summary>
public sealed record KeyView
{
    /// <summary>Public id.</summary>
    public required string Key { get; init; }

    /// <summary>Whom it authenticates toward servers.</summary>
    public string? Principal { get; init; }

    /// <summary>Role toward the API.</summary>
    public string? Role { get; init; }

    /// <summary>human | service | agent; null when only the revocation is known.</summary>
    public string? Kind { get; init; }

    /// <summary>Teams of the principal.</summary>
    public IReadOnlyList<string> Teams { get; init; } = [];

    /// <summary>When it came into being.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Who made it.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it stops to work.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Who revoked it.</summary>
    public string? RevokedBy { get; init; }
}

/// <summary>Keeps the list of API keys.</summary>
internal static class KeyFold
{
    public static Fold<KeyView> Fold { get; } = new("keys", Keys, Evolve, ViewJson.Default.KeyView);

    private static IEnumerable<string> Keys(LedgerEvent read) => read.Data switch
    {
        KeyCreated e => [e.Key],
        KeyRevoked e => [e.Key],
        _ => [],
    };

    private static KeyView? Evolve(KeyView? view, string key, LedgerEvent read) => read.Data switch
    {
        KeyCreated e => (view ?? new() { Key = key }) with
        {
            Principal = e.Principal,
            Role = e.Role,
            Kind = e.Kind,
            Teams = e.Teams,
            Created = read.Header.Time,
            CreatedBy = e.CreatedBy,
            Expires = e.Expires,
        },
        KeyRevoked e => (view ?? new() { Key = key }) with { Revoked = read.Header.Time, RevokedBy = e.RevokedBy },
        _ => view,
    };
}
