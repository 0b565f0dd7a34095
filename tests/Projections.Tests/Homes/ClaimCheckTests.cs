using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Projections.Homes;
using McpLedger.Projections.Search.Elastic;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Projections.Tests.Homes;

public sealed class ClaimCheckTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Given _given = new(72);
    private readonly MemoryLedger _ledger = new();

    [Fact]
    public async Task The_embedded_home_waits_for_a_claim_check_that_is_on_its_way()
    {
        using var home = new TemporaryHome();
        var event1 = await AppendAsync(home.Time.GetUtcNow());
        using var handler = home.Handler(_ledger, new LateBlobs(_ledger, 2), Patience);
        var batch = new Streaming.Consuming.ConsumedBatch(LedgerPartition.Calls, _ledger.Of(LedgerPartition.Calls), 1);
        await Assert.ThrowsAnyAsync<IOException>(async () => await handler.HandleAsync(batch, CancellationToken.None));
        await Assert.ThrowsAnyAsync<IOException>(async () => await handler.HandleAsync(batch, CancellationToken.None));
        Assert.Equal(0, home.Home.Writer!.NextOf(LedgerPartition.Calls));

        await handler.HandleAsync(batch, CancellationToken.None);

        Assert.Equal([event1], await FoundAsync(home, "needle"));
        Assert.Empty(await FoundAsync(home, "unread:missing"));
    }

    [Fact]
    public async Task What_does_not_come_is_waited_for_no_longer_than_it_may_take_and_the_document_says_so()
    {
        using var home = new TemporaryHome();
        var event1 = await AppendAsync(home.Time.GetUtcNow());
        using var handler = home.Handler(_ledger, new LateBlobs(_ledger, int.MaxValue), Patience);
        var batch = new Streaming.Consuming.ConsumedBatch(LedgerPartition.Calls, _ledger.Of(LedgerPartition.Calls), 1);
        await Assert.ThrowsAnyAsync<IOException>(async () => await handler.HandleAsync(batch, CancellationToken.None));

        home.Time.Advance(Patience);
        await handler.HandleAsync(batch, CancellationToken.None);

        Assert.Equal([event1], await FoundAsync(home, "unread:missing"));
    }

    [Fact]
    public async Task However_old_an_event_is_its_claim_check_is_waited_for_from_when_it_was_met()
    {
        using var home = new TemporaryHome();
        var event1 = await AppendAsync(home.Time.GetUtcNow() - Patience - Patience);
        using var handler = home.Handler(_ledger, new LateBlobs(_ledger, 2), Patience);
        var batch = new Streaming.Consuming.ConsumedBatch(LedgerPartition.Calls, _ledger.Of(LedgerPartition.Calls), 1);
        await Assert.ThrowsAnyAsync<IOException>(async () => await handler.HandleAsync(batch, CancellationToken.None));
        await Assert.ThrowsAnyAsync<IOException>(async () => await handler.HandleAsync(batch, CancellationToken.None));

        await handler.HandleAsync(batch, CancellationToken.None);

        Assert.Equal([event1], await FoundAsync(home, "needle"));
    }

    [Fact]
    public async Task Old_events_whose_claim_checks_are_gone_are_waited_for_once_and_not_one_after_the_other()
    {
        using var home = new TemporaryHome();
        for (var i = 0; i < 10; i++)
        {
            await AppendAsync(home.Time.GetUtcNow() - Patience - Patience);
        }

        using var handler = home.Handler(_ledger, new LateBlobs(_ledger, int.MaxValue), Patience);
        var batch = new Streaming.Consuming.ConsumedBatch(LedgerPartition.Calls, _ledger.Of(LedgerPartition.Calls), 10);
        await Assert.ThrowsAnyAsync<IOException>(async () => await handler.HandleAsync(batch, CancellationToken.None));

        home.Time.Advance(Patience);
        await handler.HandleAsync(batch, CancellationToken.None);

        Assert.Equal(10, (await FoundAsync(home, "unread:missing")).Length);
    }

    [Fact]
    public async Task A_clock_that_is_ahead_makes_nobody_wait_longer()
    {
        using var home = new TemporaryHome();
        await AppendAsync(home.Time.GetUtcNow() + Patience + Patience);
        using var handler = home.Handler(_ledger, new LateBlobs(_ledger, int.MaxValue), Patience);
        await Assert.ThrowsAnyAsync<IOException>(async () => await handler.HandleAsync(new(LedgerPartition.Calls, _ledger.Of(LedgerPartition.Calls), 1), CancellationToken.None));

        home.Time.Advance(Patience);
        await handler.HandleAsync(new(LedgerPartition.Calls, _ledger.Of(LedgerPartition.Calls), 1), CancellationToken.None);

        Assert.Equal(1, home.Home.Writer!.NextOf(LedgerPartition.Calls));
    }

    [Fact]
    public async Task The_search_engine_waits_for_a_claim_check_that_is_on_its_way()
    {
        var time = new FakeTimeProvider(Given.Start);
        await AppendAsync(time.GetUtcNow());
        var options = new ElasticOptions { Nodes = [new("http://127.0.0.1:9")], ClaimCheckPatience = Patience };
        var documents = new ElasticDocuments(new("t"), options, new LateBlobs(_ledger, 2), time);
        await Assert.ThrowsAnyAsync<IOException>(async () => await MakeAsync(documents));
        await Assert.ThrowsAnyAsync<IOException>(async () => await MakeAsync(documents));

        var made = await MakeAsync(documents);

        Assert.Contains("needle", made, StringComparison.Ordinal);
        Assert.DoesNotContain("missing", made, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_of_missing_claim_checks_is_waited_for_once_however_long_it_goes_on()
    {
        var time = new FakeTimeProvider(Given.Start);
        var claims = new ClaimChecks(new LateBlobs(_ledger, int.MaxValue), Patience, time);
        var given = await ReadAsync(time.GetUtcNow() - Patience - Patience);
        await Assert.ThrowsAsync<LateClaimCheckException>(async () => await claims.FetchAsync(given, CancellationToken.None));
        time.Advance(Patience);
        Assert.Empty(await claims.FetchAsync(given, CancellationToken.None));

        for (var minute = 0; minute < 10; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            Assert.Empty(await claims.FetchAsync(await ReadAsync(time.GetUtcNow() - Patience - Patience), CancellationToken.None));
        }

        time.Advance(Patience);
        var later = await ReadAsync(time.GetUtcNow() - Patience - Patience);
        await Assert.ThrowsAsync<LateClaimCheckException>(async () => await claims.FetchAsync(later, CancellationToken.None));
    }

    [Fact]
    public async Task The_search_engine_waits_for_nothing_of_an_event_that_it_does_not_keep()
    {
        var time = new FakeTimeProvider(Given.Start);
        await AppendAsync(time.GetUtcNow().AddDays(-9));
        var options = new ElasticOptions { Nodes = [new("http://127.0.0.1:9")], ClaimCheckPatience = Patience, Keep = TimeSpan.FromDays(7) };
        var documents = new ElasticDocuments(new("t"), options, new LateBlobs(_ledger, int.MaxValue), time);

        var (items, _) = await documents.MakeAsync(new(1, ElasticSpan.Day, "i", ElasticMapping.Version), _ledger.Of(LedgerPartition.Calls), [], CancellationToken.None);

        Assert.Empty(items);
    }

    private static async Task<string[]> FoundAsync(TemporaryHome home, string query)
    {
        var (page, _) = await home.Queries(new()).SearchAsync(new() { Query = query }, CancellationToken.None);
        return [.. page!.Hits.Select(h => h.Event)];
    }

    private async Task<string> MakeAsync(ElasticDocuments documents)
    {
        var (items, _) = await documents.MakeAsync(new(1, ElasticSpan.Day, "i", ElasticMapping.Version), _ledger.Of(LedgerPartition.Calls), [], CancellationToken.None);
        return Encoding.UTF8.GetString(Assert.Single(items).Lines.Span);
    }

    private async Task<LedgerEvent> ReadAsync(DateTimeOffset time)
    {
        await AppendAsync(time);
        Assert.True(EventReader.TryRead(_ledger.Of(LedgerPartition.Calls)[^1].Bytes.Span, out var read, out var fault), fault);
        return read!;
    }

    private async Task<string> AppendAsync(DateTimeOffset time)
    {
        var bytes = Encoding.UTF8.GetBytes($"{{\"text\":\"needle {new string('x', 40_000)}\"}}");
        await _ledger.TryPutAsync(Digest.Of(bytes), bytes, CancellationToken.None);
        var id = _given.NewId();
        var request = new Content { Size = bytes.Length, Sha256 = Digest.Of(bytes), Blob = $"sha256/{Digest.Of(bytes)}" };
        _ledger.Append(id, time, _given.Intended(_given.NewId(), "alice", "files", "read_file", "s-1", "x") with { Request = request });
        return id.ToString();
    }
}
