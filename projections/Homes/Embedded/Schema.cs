using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Tables that are not views. A change of these, of a fold or of the terms raises <see cref="Version"/>: the next start builds everything anew from the log.</summary>
internal static class Schema
{
    public const int Version = ViewsVersion.Now;

    /// <summary>Columns of <c>event</c> that hits show and conditions on numbers read, after <c>row</c> and <c>id</c>.</summary>
    public const string Tables = """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE position(partition TEXT PRIMARY KEY, next INTEGER NOT NULL, first INTEGER, events INTEGER NOT NULL, micros INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE slice(day INTEGER PRIMARY KEY);
        CREATE TABLE event(
            row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, partition TEXT NOT NULL, offset INTEGER NOT NULL, type TEXT NOT NULL, call TEXT, server TEXT, method TEXT, name TEXT,
            principal TEXT, session TEXT, verdict TEXT, outcome TEXT, status INTEGER, code INTEGER, duration INTEGER, size INTEGER);
        CREATE INDEX event_message ON event(call) WHERE type = 'message.relayed.v1';
        CREATE TABLE line(
            id INTEGER PRIMARY KEY, type TEXT NOT NULL, class TEXT NOT NULL, server TEXT NOT NULL, method TEXT NOT NULL, tool TEXT NOT NULL, principal TEXT NOT NULL, verdict TEXT NOT NULL,
            outcome TEXT NOT NULL, UNIQUE(type, class, server, method, tool, principal, verdict, outcome));
        CREATE TABLE hourly(hour INTEGER NOT NULL, line INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(hour, line)) WITHOUT ROWID;
        CREATE TABLE daily(day INTEGER NOT NULL, line INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(day, line)) WITHOUT ROWID;
        """;

    // Terms are made by Contracts/Search; the tokenizer only cuts at spaces. Signs that would end a token are escaped by FieldTokens.
    private const string Tokenizer = "ascii tokenchars ''!#$%&*+,-./:;<=>?@[]^_{|}~()''";

    /// <summary>The full-text index of one UTC day: bounded merges, bounded wildcards, and a day can be dropped whole.</summary>
    /// <remarks>A batch's entries are held until its commit (hashsize) and merged eight segments at a time: each entry is written fewer times.</remarks>
    public static string Slice(long day) =>
        $"CREATE VIRTUAL TABLE {SliceName(day)} USING fts5(t, content='', columnsize=0, tokenize='{Tokenizer}');"
        + $" INSERT INTO {SliceName(day)}({SliceName(day)}, rank) VALUES('hashsize', 16777216), ('automerge', 8); INSERT INTO slice(day) VALUES({day});";

    public static string SliceName(long day) => $"fts_{day}";
}
