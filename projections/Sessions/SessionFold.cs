using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Sessions;

/// <summary>Gathers what belongs to one session; an actor's is cut into windows, since it never ends by itself.</summary>
internal static class SessionFold
{
    public const string Initialize = "initialize";

    private const int MostNames = 64;
    private const int MostWindows = 64;
    private static readonly TimeSpan Gap = TimeSpan.FromMinutes(15);

    public static Fold<SessionView> Fold { get; } = new("sessions", Keys, Evolve, ViewJson.Default.SessionView);

    private static IEnumerable<string> Keys(LedgerEvent read) => Traffic.Of(read.Data) is { } traffic ? [traffic.Where.Session.Id] : [];

    private static SessionView? Evolve(SessionView? view, string key, LedgerEvent read)
    {
        if (Traffic.Of(read.Data) is not { } traffic)
        {
            return view;
        }

        var (time, calls) = (read.Header.Time, view?.Counts.Calls ?? 0);
        view ??= new()
        {
            Session = key,
            Kind = traffic.Where.Session.Kind,
            Principal = traffic.Who.Principal,
            First = time,
            Last = time,
        };
        view = view with
        {
            Agent = view.Agent ?? traffic.Who.Agent,
            Client = view.Client ?? traffic.Who.Client,
            First = Bounded.Earlier(view.First, time),
            Last = Bounded.Later(view.Last, time),
            Counts = Counted(view.Counts, read.Data),
            Servers = view.Servers.With(traffic.What.Server, MostNames),
            Tools = view.Tools.With(traffic.What.Method == "tools/call" ? $"{traffic.What.Server}/{traffic.What.Name}" : null, MostNames),
        };
        return view.Kind == "actor" ? Windowed(view, time, view.Counts.Calls - calls) : view;
    }

    // It begins in the actor's session and ends in the one that it opened: counted where it begins, it would be open there for ever.
    private static CallCounts Counted(CallCounts counts, EventData data) => data switch
    {
        CallIntended { What.Method: Initialize } => counts,
        CallCompleted { What.Method: Initialize } => counts.After(data) with { Calls = counts.Calls + 1 },
        _ => counts.After(data),
    };

    private static SessionView Windowed(SessionView view, DateTimeOffset time, long calls)
    {
        if (view.Windows is [.., var last] && time - last.Last <= Gap)
        {
            var grown = last with { First = Bounded.Earlier(last.First, time), Last = Bounded.Later(last.Last, time), Calls = last.Calls + calls };
            return view with { Windows = [.. view.Windows.SkipLast(1), grown] };
        }

        return view with { Windows = view.Windows.Newest(new(time, time, calls), MostWindows), WindowCount = view.WindowCount + 1 };
    }
}
