using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Streaming;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>The one writer of a generation of read models. A batch's effects and the partition's position are one transaction, so a batch counts once however often it comes.</summary>
internal sealed class ProjectionWriter : IDisposable
{
    private const int AtOnce = 64;

    private readonly SqliteDatabase _database;
    private readonly IReadOnlyList<ViewTable> _views = ViewTables.New();
    private readonly EventTable _events = new();
    private readonly Rollups _rollups = new();
    private readonly TermList _terms = SearchDocuments.NewTerms();

    // A few at a time, so that what is made of an event is gone before the collector would move it: held for a whole batch, a third of folding was the collector's.
    private readonly (LedgerRecord Record, LedgerEvent Event, Dictionary<Digest, ReadOnlyMemory<byte>> Blobs)[] _read = new (LedgerRecord, LedgerEvent, Dictionary<Digest, ReadOnlyMemory<byte>>)[AtOnce];

    public ProjectionWriter(string path)
    {
        Path = path;
        _database = SqliteDatabase.Open(path, write: true);
        if (!IsMade())
        {
            _database.Execute($"BEGIN; {Schema.Tables} {string.Concat(_views.Select(v => v.Definition))} INSERT INTO meta VALUES('version', '{Schema.Version}'); COMMIT");
        }
    }

    public string Path { get; }

    /// <summary>Where to read on.</summary>
    public long NextOf(LedgerPartition partition)
    {
        var statement = _database.Kept("SELECT next FROM position WHERE partition = ?").Bind(1, partition.ToString());
        var next = statement.Step() ? statement.Long(0) : 0;
        statement.Reset();
        return next;
    }

    /// <summary>Folds a batch: all of it, or nothing.</summary>
    /// <param name="partition">The records' partition.</param>
    /// <param name="records">In order.</param>
    /// <param name="next">Position afterwards; null leaves it where it is.</param>
    /// <param name="blobs">Contents of claim checks, as far as they are there.</param>
    /// <param name="cancellationToken">Ends the reading of blobs, and takes the batch back.</param>
    /// <exception cref="InvalidDataException">A record cannot be folded.</exception>
    public ValueTask<BatchResult> ApplyAsync(LedgerPartition partition, IReadOnlyList<LedgerRecord> records, long? next, IBlobStore blobs, CancellationToken cancellationToken) =>
        ApplyAsync(partition, records, next, ClaimChecks.AtHand(blobs), cancellationToken);

    /// <summary>Folds a batch once its claim checks are there.</summary>
    /// <exception cref="InvalidDataException">A record cannot be folded.</exception>
    /// <exception cref="LateClaimCheckException">A claim check may still come.</exception>
    public async ValueTask<BatchResult> ApplyAsync(
        LedgerPartition partition, IReadOnlyList<LedgerRecord> records, long? next, ClaimChecks claims, CancellationToken cancellationToken)
    {
        var result = new BatchResult();
        try
        {
            await _database.TransactAsync(async () =>
            {
                for (var from = 0; from < records.Count; from += _read.Length)
                {
                    var count = Math.Min(_read.Length, records.Count - from);
                    for (var i = 0; i < count; i++)
                    {
                        _read[i] = EventReader.TryRead(records[from + i].Bytes.Span, out var e, out var fault)
                            ? (records[from + i], e!, await claims.FetchAsync(e!, cancellationToken))
                            : throw new InvalidDataException($"The record is no event: {fault}");
                    }

                    foreach (var (record, e, contents) in _read.AsSpan(0, count))
                    {
                        result = Apply(record, e, contents, result);
                    }

                    // With events of a few records a batch nothing would write over them for long, and each may hold a whole answer.
                    _read.AsSpan(0, count).Clear();
                }

                Flush(partition, records, next, result);
            });
            return result;
        }
        catch
        {
            Array.Clear(_read);
            Forget();
            throw;
        }
    }

    /// <summary>Digest of everything in the read models but where it lies.</summary>
    public ProjectionDigest Digest() => EmbeddedDigest.Of(_database, _views.Select(v => v.Name));

    /// <summary>Digest of the events from an offset on, and how many lie before it.</summary>
    public (Digest Kept, long Before) DigestFrom(LedgerPartition partition, long offset) => EmbeddedDigest.OfEvents(_database, partition, offset);

    public void Dispose() => _database.Dispose();

    private bool IsMade()
    {
        using var statement = _database.Prepare("SELECT 1 FROM sqlite_master WHERE name = 'meta'");
        return statement.Step();
    }

    private BatchResult Apply(LedgerRecord record, LedgerEvent e, Dictionary<Digest, ReadOnlyMemory<byte>> contents, BatchResult so)
    {
        var document = SearchDocuments.Of(e, contents, _terms);
        if (!EventTable.Holds(document.Micros))
        {
            throw new InvalidDataException("The event's time is not between 1970 and 2100.");
        }

        var at = Math.Max(so.LastMicros, document.Micros);
        if (EventTable.Insert(_database, record, document) is not { } row)
        {
            return so with { Repeated = so.Repeated + 1, LastMicros = at };
        }

        foreach (var view in _views)
        {
            view.Apply(_database, e);
        }

        _events.Index(_database, row, document);
        _rollups.Add(document);
        return so with { Folded = so.Folded + 1, LastMicros = at };
    }

    private void Flush(LedgerPartition partition, IReadOnlyList<LedgerRecord> records, long? next, BatchResult result)
    {
        Each(v => v.Flush(_database));
        _rollups.Flush(_database);
        _database.Kept(
            "INSERT INTO position(partition, next, events, micros, first) VALUES(?1, coalesce(?2, 0), ?3, ?4, ?5)"
            + " ON CONFLICT(partition) DO UPDATE SET next = coalesce(?2, next), events = events + ?3, micros = max(micros, ?4), first = min(coalesce(first, ?5), coalesce(?5, first))")
            .Bind(1, partition.ToString()).Bind(2, next).Bind(3, (long)result.Folded + result.Repeated).Bind(4, result.LastMicros)
            .Bind(5, records.Count > 0 ? (long?)records.Min(r => r.Offset) : null).Run();
    }

    private void Forget()
    {
        Each(static v => v.Forget());
        _rollups.Forget();
        _events.Forget();
    }

    private void Each(Action<ViewTable> action)
    {
        foreach (var view in _views)
        {
            action(view);
        }
    }
}
