using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using McpLedger.Projections.Search.Sqlite;
using McpLedger.Streaming;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>
/// The folder of the read models. <c>CURRENT</c> names the file in force, <c>views-{generation}.sqlite</c>; a rebuild makes the next one beside it and then replaces the name.
/// Whatever else lies there is left over and removed at the next start.
/// </summary>
public sealed class ProjectionHome : IDisposable
{
    private const string Current = "CURRENT";
    private const string Prefix = "views-";
    private const string Suffix = ".sqlite";
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private volatile ReaderPool _readers;

    private ProjectionHome(string folder, string path, ProjectionWriter? writer, TimeProvider time)
    {
        _folder = folder;
        _time = time;
        Writer = writer;
        _readers = new(path, time);
    }

    /// <summary>The writer in force; null when the home was opened to read.</summary>
    internal ProjectionWriter? Writer { get; private set; }

    /// <summary>Opens the folder to write it, making it when it is not there. Read models of another version are left behind and built anew from the log.</summary>
    /// <param name="folder">The folder, <c>readmodels</c> in the data folder.</param>
    /// <param name="time">The clock, for deadlines.</param>
    public static ProjectionHome Open(string folder, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        var path = InForce(folder);
        if (path is null || !IsOfThisVersion(path))
        {
            path = NextPath(folder);
            Name(folder, path);
        }

        RemoveAllBut(folder, path);
        return new(folder, path, new(path), time);
    }

    /// <summary>Opens the folder to read what another process keeps, or kept.</summary>
    /// <returns>False when nothing of this version was projected there yet.</returns>
    public static bool TryOpenReadOnly(string folder, TimeProvider time, [NotNullWhen(true)] out ProjectionHome? home)
    {
        var path = InForce(folder);
        home = path is not null && IsOfThisVersion(path) ? new(folder, path, writer: null, time) : null;
        return home is not null;
    }

    /// <summary>Queries over this home.</summary>
    /// <param name="reader">The ledger, for the events themselves.</param>
    /// <param name="time">What <c>now</c> means in queries.</param>
    public LedgerQueries Queries(ILedgerReader reader, TimeProvider time)
    {
        var events = new SqliteIndex(this);
        return new(new EmbeddedViews(this, events, reader), events, reader, time);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _readers.Dispose();
        Writer?.Dispose();
    }

    internal async ValueTask<T> ReadAsync<T>(Func<SqliteDatabase, T> read, CancellationToken cancellationToken)
    {
        var readers = _readers;
        try
        {
            return await readers.ReadAsync(read, cancellationToken);
        }
        catch (Microsoft.Data.Sqlite.SqliteException) when (readers != _readers)
        {
            // A rebuild took the file away before it could be opened.
            return await _readers.ReadAsync(read, cancellationToken);
        }
    }

    /// <summary>An empty generation beside the one in force.</summary>
    internal ProjectionWriter NewGeneration() => new(NextPath(_folder));

    /// <summary>Puts a generation in force. The writer before it is closed; readings under way end on what they began with.</summary>
    internal void Replace(ProjectionWriter next)
    {
        lock (_gate)
        {
            var (writer, readers) = (Writer, _readers);
            Name(_folder, next.Path);
            Writer = next;
            _readers = new(next.Path, _time);
            readers.Dispose();
            writer?.Dispose();
            if (writer is not null)
            {
                Remove(writer.Path);
            }
        }
    }

    internal static void Remove(string path)
    {
        File.Delete(path);
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
    }

    private static string? InForce(string folder)
    {
        var pointer = Path.Combine(folder, Current);
        if (!File.Exists(pointer))
        {
            return null;
        }

        var path = Path.Combine(folder, Path.GetFileName(File.ReadAllText(pointer).Trim()));
        return File.Exists(path) ? path : null;
    }

    private static string NextPath(string folder)
    {
        var last = Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}").Select(GenerationOf).DefaultIfEmpty(0).Max();
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{last + 1}{Suffix}"));
    }

    private static long GenerationOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? generation : 0;

    private static void Name(string folder, string path)
    {
        var pointer = Path.Combine(folder, Current);
        File.WriteAllText(pointer + ".new", Path.GetFileName(path));
        File.Move(pointer + ".new", pointer, overwrite: true);
    }

    private static void RemoveAllBut(string folder, string path)
    {
        foreach (var other in Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}").Where(f => f != path))
        {
            Remove(other);
        }
    }

    // A file that is no database, or half of one, is built anew: it holds nothing that the log does not.
    private static bool IsOfThisVersion(string path)
    {
        try
        {
            using var database = SqliteDatabase.Open(path, write: false);
            using var statement = database.Prepare("SELECT value FROM meta WHERE name = 'version'");
            return statement.Step() && statement.Text(0) == Schema.Version.ToString(CultureInfo.InvariantCulture);
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            return false;
        }
    }
}
