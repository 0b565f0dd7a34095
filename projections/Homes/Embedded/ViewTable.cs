using System.Buffers;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Where the views of one fold live: a row a view, its JSON and the columns that queries need.</summary>
internal abstract class ViewTable(string name, string definition)
{
    public string Name => name;

    public string Definition => definition;

    /// <summary>Moves the views that <paramref name="read"/> touches on, in memory.</summary>
    public abstract void Apply(SqliteDatabase database, LedgerEvent read);

    /// <summary>Writes the changed views.</summary>
    public abstract void Flush(SqliteDatabase database);

    /// <summary>Forgets everything in memory: the transaction was rolled back.</summary>
    public abstract void Forget();
}

/// <summary>The table of <paramref name="fold"/>.</summary>
/// <param name="fold">The fold.</param>
/// <param name="columns">Columns beside <c>key</c> and <c>doc</c>: what queries filter and sort by.</param>
/// <param name="indexes">Further statements of the definition.</param>
/// <param name="mostKept">Views that may stay in memory from one batch to the next.</param>
/// <param name="isSettled">Views that nothing more is expected for: they leave memory with their batch. The collector goes through all that stay, again and again.</param>
internal sealed class ViewTable<TView>(Fold<TView> fold, IReadOnlyList<ViewColumn<TView>> columns, string indexes, int mostKept = ViewTables.MostKept, Func<TView, bool>? isSettled = null)
    : ViewTable(fold.Name, Define(fold, columns, indexes))
    where TView : class
{
    private readonly Dictionary<string, TView?> _kept = new(StringComparer.Ordinal);
    private readonly HashSet<string> _dirty = new(StringComparer.Ordinal);
    private readonly string _select = $"SELECT doc FROM {fold.Name} WHERE key = ?";
    private readonly string _upsert = $"INSERT INTO {fold.Name}(key, doc{string.Concat(columns.Select(c => $", {c.Name}"))}) VALUES(?, ?{string.Concat(columns.Select(_ => ", ?"))})"
        + $" ON CONFLICT(key) DO UPDATE SET doc = excluded.doc{string.Concat(columns.Select(c => $", {c.Name} = excluded.{c.Name}"))}";

    public override void Apply(SqliteDatabase database, LedgerEvent read)
    {
        foreach (var key in fold.Keys(read))
        {
            var before = Load(database, key);
            var after = fold.Evolve(before, key, read);
            if (after is not null && !ReferenceEquals(before, after))
            {
                _kept[key] = after;
                _dirty.Add(key);
            }
        }
    }

    public override void Flush(SqliteDatabase database)
    {
        var statement = database.Kept(_upsert);
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, new() { Encoder = fold.Shape.Options.Encoder, SkipValidation = true });
        foreach (var key in _dirty)
        {
            var view = _kept[key]!;
            bytes.ResetWrittenCount();
            json.Reset();
            JsonSerializer.Serialize(json, view, fold.Shape);
            statement.Bind(1, key).BindText(2, bytes.WrittenSpan);
            for (var i = 0; i < columns.Count; i++)
            {
                statement.BindAny(i + 3, columns[i].Value(view));
            }

            statement.Run();
            if (isSettled?.Invoke(view) ?? false)
            {
                _kept.Remove(key);
            }
        }

        _dirty.Clear();
        if (_kept.Count > mostKept)
        {
            _kept.Clear();
        }
    }

    public override void Forget()
    {
        _kept.Clear();
        _dirty.Clear();
    }

    private TView? Load(SqliteDatabase database, string key)
    {
        if (_kept.TryGetValue(key, out var kept))
        {
            return kept;
        }

        var statement = database.Kept(_select).Bind(1, key);
        try
        {
            return _kept[key] = statement.Step() ? ViewReading.Read(statement, 0, fold) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    private static string Define(Fold<TView> fold, IReadOnlyList<ViewColumn<TView>> columns, string indexes) =>
        $"CREATE TABLE {fold.Name}(key TEXT PRIMARY KEY{string.Concat(columns.Select(c => $", {c.Name} {c.Type}"))}, doc TEXT NOT NULL);{indexes}";
}

/// <summary>A column that repeats a part of the view.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">TEXT | INTEGER.</param>
/// <param name="Value">A string, a long or null.</param>
internal sealed record ViewColumn<TView>(string Name, string Type, Func<TView, object?> Value);
