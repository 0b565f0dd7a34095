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

    /// <summary>Servers addressed; the first 64.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Tools called, <c>server/tool</c>; the first 256.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Clients' own words about themselves; the first 64.</summary>
    public IReadOnlyList<string> Clients { get; init; } = [];

    /// <summary>How the principal was authenticated; the first 64.</summary>
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
        view ??= new() { Principal = key, Kind = traffic.Who.Kind, First = time, Last = time };
        return view with
        {
            Kind = traffic.Who.Kind,
            Teams = traffic.Who.Teams,
            First = Bounded.Earlier(view.First, time),
            Last = Bounded.Later(view.Last, time),
            Counts = view.Counts.After(read.Data),
            Servers = view.Servers.With(traffic.What.Server, MostNames),
            Tools = view.Tools.With(traffic.What.Method == "tools/call" ? $"{traffic.What.Server}/{traffic.What.Name}" : null, MostTools),
            Clients = view.Clients.With(traffic.Who.Client, MostNames),
            Authentications = view.Authentications.With(traffic.Who.Authentication, MostNames),
        };
    }
}
