using McpLedger.Contracts.Events;
using McpLedger.Projections.Tail;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Projections.Tests.Tail;

public sealed class LedgerTailTests
{
    [Fact]
    public async Task Following_ends_in_good_order_when_the_process_stops()
    {
        using var stopping = new CancellationTokenSource();
        var tail = new LedgerTail(new MemoryLedger(), new FakeTimeProvider(Given.Start));
        var (start, _) = await tail.StartAsync("", housekeeping: false, after: null, CancellationToken.None);
        var items = 0;
        await foreach (var item in tail.TryFollow(start!, static () => true, stopping.Token)!)
        {
            Assert.Equal("following", item.EventType);
            items++;
            await stopping.CancelAsync();
        }

        Assert.Equal(1, items);
    }

    [Fact]
    public async Task Following_goes_on_behind_the_last_event_that_was_received()
    {
        var given = new Given(31);
        var ledger = given.Ledger(40);
        var tail = new LedgerTail(ledger, new FakeTimeProvider(Given.Start));
        var whole = await TakeAsync(tail, "calls-0:0,control-0:0", 12);

        var rest = await TakeAsync(tail, whole[5].EventId, 6);

        Assert.Equal(whole.Skip(6).Take(6).Select(EventOf), rest.Select(EventOf));
    }

    [Fact]
    public async Task Following_goes_on_in_every_partition_however_many_there_are()
    {
        var (given, written, ledger) = (new Given(34), new MemoryLedger(), new MemoryLedger(callPartitions: 70));
        var tail = new LedgerTail(ledger, new FakeTimeProvider(Given.Start));
        var (start, _) = await tail.StartAsync("", housekeeping: false, after: null, CancellationToken.None);
        var following = await tail.TryFollow(start!, static () => true, CancellationToken.None)!.FirstAsync();
        foreach (var partition in ledger.Partitions)
        {
            given.Append(written, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
            ledger.AppendBytes(partition, written.Of(LedgerPartition.Calls)[^1].Bytes.ToArray());
        }

        var (resumed, _) = await tail.StartAsync("", housekeeping: false, following.EventId, CancellationToken.None);

        Assert.Equal(71, resumed!.Positions.Count);
        Assert.All(resumed.Positions.Values, p => Assert.Equal(0, p.Next));
        Assert.Equal(71, (await TakeAsync(tail, following.EventId, 71)).Count);
    }

    [Fact]
    public async Task More_than_its_places_are_refused_and_a_place_given_back_is_had_again()
    {
        var tail = new LedgerTail(new MemoryLedger(), new FakeTimeProvider(Given.Start));
        var (start, _) = await tail.StartAsync("", housekeeping: false, after: null, CancellationToken.None);
        var following = new List<IAsyncEnumerator<System.Net.ServerSentEvents.SseItem<object?>>>();
        for (var i = 0; i < LedgerTail.Most; i++)
        {
            following.Add(tail.TryFollow(start!, static () => true, CancellationToken.None)!.GetAsyncEnumerator());
            await following[^1].MoveNextAsync();
        }

        Assert.Null(tail.TryFollow(start!, static () => true, CancellationToken.None));
        await following[0].DisposeAsync();
        Assert.NotNull(tail.TryFollow(start!, static () => true, CancellationToken.None));
    }

    [Fact]
    public async Task At_damage_what_lies_before_it_is_sent_and_then_the_reason()
    {
        var (given, ledger) = (new Given(32), new MemoryLedger());
        var tail = new LedgerTail(ledger, new FakeTimeProvider(Given.Start));
        var (start, _) = await tail.StartAsync("", housekeeping: false, "calls-0:0,control-0:0", CancellationToken.None);
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        ledger.Damage = "a checksum does not hold";

        var items = await tail.TryFollow(start!, static () => true, CancellationToken.None)!.ToListAsync();

        Assert.Equal(["following", "event", "ended"], items.Select(i => i.EventType));
        Assert.Equal("calls-0 is damaged at offset 1: a checksum does not hold", ((TailEnd)items[^1].Data!).Reason);
        Assert.Equal("calls-0:1,control-0:0", items[^1].EventId);
    }

    [Fact]
    public async Task Silence_is_broken_so_that_a_client_that_is_gone_is_noticed()
    {
        var time = new FakeTimeProvider(Given.Start);
        var tail = new LedgerTail(new MemoryLedger(), time);
        var (start, _) = await tail.StartAsync("", housekeeping: false, after: null, CancellationToken.None);
        await using var items = tail.TryFollow(start!, static () => true, CancellationToken.None)!.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await items.MoveNextAsync();
        var next = items.MoveNextAsync().AsTask();
        while (!next.IsCompleted)
        {
            time.Advance(LedgerTail.Silence);
            await Task.Yield();
        }

        Assert.True(await next);
        Assert.Equal("alive", items.Current.EventType);
    }

    [Fact]
    public async Task Who_may_no_more_is_told_so_and_follows_nothing()
    {
        var (given, ledger, may) = (new Given(33), new MemoryLedger(), true);
        var tail = new LedgerTail(ledger, new FakeTimeProvider(Given.Start));
        var (start, _) = await tail.StartAsync("", housekeeping: false, after: null, CancellationToken.None);
        var following = tail.TryFollow(start!, () => may, CancellationToken.None)!.ToListAsync(TestContext.Current.CancellationToken);
        may = false;
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));

        var items = await following;

        Assert.Equal("ended", items[^1].EventType);
        Assert.Contains("keys create", ((TailEnd)items[^1].Data!).Fix, StringComparison.Ordinal);
    }

    private static string EventOf(System.Net.ServerSentEvents.SseItem<object?> item) => ((McpLedger.Projections.Search.Hit)item.Data!).Event;

    private static async Task<List<System.Net.ServerSentEvents.SseItem<object?>>> TakeAsync(LedgerTail tail, string? after, int count)
    {
        var (start, _) = await tail.StartAsync("", housekeeping: true, after, CancellationToken.None);
        return await tail.TryFollow(start!, static () => true, CancellationToken.None)!.Where(i => i.EventType == "event").Take(count).ToListAsync();
    }
}
