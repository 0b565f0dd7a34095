using McpLedger.Contracts.Search;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Every fold and the columns its queries need.</summary>
internal static class ViewTables
{
    // Intents wait in memory for their outcomes, and sessions for their next call; past this the newest batch begins afresh.
    public const int MostKept = 50_000;

    public static IReadOnlyList<ViewTable> New() =>
    [
        new ViewTable<CallView>(
            CallFold.Fold,
            [
                new("started", "INTEGER NOT NULL", v => QueryValues.Micros(v.Started)),
                new("session", "TEXT", v => v.Session),
                new("server", "TEXT", v => v.Server),
                new("method", "TEXT", v => v.Method),
                new("name", "TEXT", v => v.Name),
                new("principal", "TEXT", v => v.Principal),
                new("outcome", "TEXT", v => v.Outcome),
            ],
            """
            CREATE INDEX calls_started ON calls(started, server, name, principal, outcome);
            CREATE INDEX calls_session ON calls(session, started);
            CREATE INDEX calls_unresolved ON calls(started) WHERE outcome = 'unresolved';
            """,
            isSettled: static v => (v.CompletedEvent ?? v.RefusedEvent) is not null),
        new ViewTable<LateAnswers>(LateAnswerFold.Fold, [], ""),
        new ViewTable<SessionView>(
            SessionFold.Fold,
            [new("last", "INTEGER NOT NULL", v => QueryValues.Micros(v.Last)), new("principal", "TEXT", v => v.Principal), new("kind", "TEXT", v => v.Kind)],
            "CREATE INDEX sessions_last ON sessions(last);"),
        new ViewTable<PrincipalView>(PrincipalFold.Fold, [new("last", "INTEGER NOT NULL", v => QueryValues.Micros(v.Last))], "CREATE INDEX principals_last ON principals(last);"),
        new ViewTable<ToolView>(
            ToolFold.Fold,
            [
                new("server", "TEXT", v => v.Server),
                new("changed", "INTEGER NOT NULL", v => v.Changed ? 1L : 0L),
                new("withheld", "INTEGER NOT NULL", v => v.Withheld ? 1L : 0L),
                new("unlisted", "INTEGER NOT NULL", v => v.Definition is null ? 1L : 0L),
            ],
            "CREATE INDEX tools_unlisted ON tools(unlisted, key);"),

        // As long as a server makes them, and seldom written: none stays in memory.
        new ViewTable<ToolView>(ToolFold.Definitions, [], "", mostKept: 0),
        new ViewTable<KeyView>(KeyFold.Fold, [], ""),
        new ViewTable<FindingView>(
            FindingFold.Fold,
            [
                new("raised", "INTEGER NOT NULL", v => QueryValues.Micros(v.Raised)),
                new("state", "TEXT", v => v.State),
                new("detector", "TEXT", v => v.Detector),
                new("severity", "TEXT", v => v.Severity),
                new("session", "TEXT", v => v.Session),
                new("principal", "TEXT", v => v.Principal),
                new("server", "TEXT", v => v.Server),
            ],
            "CREATE INDEX findings_raised ON findings(raised, key);CREATE INDEX findings_session ON findings(session, raised);CREATE INDEX findings_state ON findings(state, raised);"),
        new ViewTable<PartitionView>(PartitionFold.Fold, [], ""),
        new ViewTable<WriterView>(WriterFold.Fold, [new("last", "INTEGER NOT NULL", v => QueryValues.Micros(v.LastSign))], "CREATE INDEX writers_last ON writers(last);"),
    ];
}
