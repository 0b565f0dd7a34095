using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Principals;

/// <summary>Someone who asked.</summary>
public sealed record PrincipalView
{
    /// <summary>Stable name.</summary>
    public required string Principal { get; init; }

    /// <summary>human | service | agent | anonymous | unknown, as last seen.</summary>
    public required string Kind { get; init; }

    /// <summary>Teams, as last seen.</summary>
    public IReadOnlyList<string> Teams { get; init; } = [];

    /// <summary>Time of the first event.</summary>
    public required DateTimeOffset First { get; init; }

    /// <summary>Time of the last event.</summary>
    public required DateTimeOffset Last { get; init; }

    /// <summary>Calls and how they went.</summary>
    public CallCounts Counts { get; init; } = new();

    /// <summary>Servers addressed; the first 64 by name.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Tools called, <c>server/tool</c>; the first 256 by name.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Clients' own words about themselves; the first 64 by name.</summary>
    public IReadOnlyList<string> Clients { get; init; } = [];

    /// <summary>How the principal was authenticated; the first 64 by name.</summary>
    public IReadOnlyList<string> Authentications { get; init; } = [];
}

/// <summary>Gathers what one principal did.</summary>
internal static class PrincipalFold
{
    private const int MostNames = 64;
    private const int MostTools = 256;

    public static Fold<PrincipalView> Fold { get; } = new("principals", Keys, Evolve, ViewJson.Default.PrincipalView);

    private static IEnumerable<string> Keys(LedgerEvent read) => Traffic.Of(read.Data) is { } traffic ? [traffic.Who.Principal] : [];

    private static PrincipalView? Evolve(PrincipalView? view, string key, LedgerEvent read)
    {
        if (Traffic.Of(read.Data) is not { } traffic)
        {
            return view;
        }

        var time = read.Header.Time;
        view ??= new() { Principal = key, Kind = traffic.Who.Kind, Teams = traffic.Who.Teams, First = time, Last = time };
        var (kind, teams) = IsNewer(traffic.Who, time, view) ? (traffic.Who.Kind, traffic.Who.Teams) : (view.Kind, view.Teams);
        return view with
        {
            Kind = kind,
            Teams = teams,
            First = Bounded.Earlier(view.First, time),
            Last = Bounded.Later(view.Last, time),
            Counts = view.Counts.After(read.Data),
            Servers = view.Servers.With(traffic.What.Server, MostNames),
            Tools = view.Tools.With(traffic.What.Method == "tools/call" ? $"{traffic.What.Server}/{traffic.What.Name}" : null, MostTools),
            Clients = view.Clients.With(traffic.Who.Client, MostNames),
            Authentications = view.Authentications.With(traffic.Who.Authentication, MostNames),
        };
    }

    // One principal's events come in any order where partitions are many; of one moment the greater word counts.
    private static bool IsNewer(Caller who, DateTimeOffset time, PrincipalView view) => time > view.Last
        || (time == view.Last && string.CompareOrdinal(Words(who.Kind, who.Teams), Words(view.Kind, view.Teams)) > 0);

    private static string Words(string kind, IReadOnlyList<string> teams) => string.Join('\n', teams.Prepend(kind));
}
