using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Projections.Search.Sqlite;
using McpLedger.Projections.Tests.Homes.Marten;
using McpLedger.Testing.Postgres;

namespace McpLedger.Projections.Tests.Homes;

/// <summary>Events that the ledger keeps longer than the index does.</summary>
public sealed class EventPlaceTests(PostgresServer server)
{
    [Fact]
    public async Task An_event_that_left_the_index_is_shown_from_the_ledger_where_views_are_in_SQLite()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(401).Ledger(60);
        await home.FoldAsync(ledger);
        using var empty = new TemporaryHome();

        await ShownFromLedgerAsync(new EmbeddedViews(home.Home, new SqliteIndex(empty.Home), ledger), ledger, empty, home.Queries(ledger));
    }

    [Fact]
    public async Task An_event_that_left_the_index_is_shown_from_the_ledger_where_views_are_in_PostgreSQL()
    {
        await using var marten = await TemporaryMarten.MakeAsync(server);
        using var home = new TemporaryHome();
        var ledger = new Given(402).Ledger(60);
        await home.FoldAsync(ledger);
        await marten.FoldAsync(ledger);
        using var empty = new TemporaryHome();

        await ShownFromLedgerAsync(marten.Views, ledger, empty, home.Queries(ledger));
    }

    private static async Task ShownFromLedgerAsync(IViewStore views, MemoryLedger ledger, TemporaryHome empty, LedgerQueries indexed)
    {
        var queries = new LedgerQueries(views, new SqliteIndex(empty.Home), ledger, empty.Time);
        foreach (var record in ledger.Partitions.SelectMany(ledger.Of))
        {
            Assert.True(EventReader.TryRead(record.Bytes.Span, out var read, out _));
            var hit = await queries.EventAsync(read!.Header.Id, CancellationToken.None);
            Assert.NotNull(hit);
            Assert.Equal(await indexed.EventAsync(read.Header.Id, CancellationToken.None), hit);
            Assert.True((await queries.EventBytesAsync(read.Header.Id, CancellationToken.None))!.Value.Span.SequenceEqual(record.Bytes.Span));
            if (read.Data is CallRefused refused)
            {
                Assert.Equal([hit], (await queries.CallAsync(refused.Call, CancellationToken.None))!.Events);
            }
        }

        Assert.True(EventReader.TryReadChain(ledger.Of(LedgerPartition.Calls)[0].Bytes.Span, out _, out var oldest));
        ledger.DropBefore(LedgerPartition.Calls, 1);
        Assert.Null(await queries.EventAsync(oldest, CancellationToken.None));
        Assert.Null(await queries.EventBytesAsync(oldest, CancellationToken.None));
        Assert.Null(await queries.EventAsync(new Given(403).NewId(), CancellationToken.None));
    }
}
