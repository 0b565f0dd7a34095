using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests;

/// <summary>What every ledger must do, whatever stores it.</summary>
public abstract class LedgerCompliance : IAsyncLifetime
{
    protected ILedgerWriter Writer { get; private set; } = null!;

    protected ILedgerReader Reader { get; private set; } = null!;

    protected abstract Task<(ILedgerWriter Writer, ILedgerReader Reader)> OpenAsync();

    protected abstract ValueTask CloseAsync();

    public async ValueTask InitializeAsync() => (Writer, Reader) = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_answered_durable_is_read_back_byte_for_byte()
    {
        using var draft = TemporaryLedger.Draft(LedgerLog.Calls, "hello");
        var tail = draft.Tail.ToArray();
        var appended = await Writer.AppendAsync(draft, CancellationToken.None);
        Assert.True(appended.IsDurable);
        await SettledAsync();
        var offset = appended.Offset >= 0 ? appended.Offset : (await TemporaryLedger.ReadAllAsync(Reader, appended.Partition, 0)).Single(r => r.Bytes.Span.EndsWith(tail)).Offset;
        var batch = await Reader.ReadAsync(appended.Partition, offset, 1, CancellationToken.None);
        Assert.Null(batch.Damage);
        var record = Assert.Single(batch.Records);
        Assert.Equal(offset, record.Offset);
        Assert.True(record.Bytes.Span.EndsWith(tail));
        Assert.True(EventReader.TryRead(record.Bytes.Span, out var read, out var fault), fault);
        Assert.Equal(draft.Id, read!.Header.Id);
    }

    [Fact]
    public async Task Every_record_of_a_log_is_linked_to_the_one_before_it()
    {
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => AppendAsync(LedgerLog.Calls, new string('x', i * 7 % 3000))));
        await SettledAsync();
        var previous = Digest.Zero;
        long seq = 0;
        foreach (var record in await TemporaryLedger.ReadAllAsync(Reader, LedgerPartition.Calls, 0))
        {
            Assert.True(EventReader.TryReadChain(record.Bytes.Span, out var link, out _));
            Assert.Equal(seq++, link.Seq);
            Assert.Equal(previous, link.Prev);
            previous = Digest.Of(record.Bytes.Span);
        }

        Assert.True(seq > 500);
    }

    [Fact]
    public async Task A_reader_that_waits_is_woken_by_the_next_record()
    {
        var end = (await Reader.BoundsAsync(LedgerPartition.Control, CancellationToken.None)).End;
        var woken = Reader.WaitAsync(LedgerPartition.Control, end, CancellationToken.None);
        Assert.False(woken.IsCompleted);
        await AppendAsync(LedgerLog.Control, "wake");
        await woken.AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.NotEmpty((await Reader.ReadAsync(LedgerPartition.Control, end, 1, CancellationToken.None)).Records);
    }

    [Fact]
    public async Task Reading_in_any_step_gives_the_same_records()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => AppendAsync(LedgerLog.Calls, new string('y', i * 31 % 5000))));
        await SettledAsync();
        var whole = await TemporaryLedger.ReadAllAsync(Reader, LedgerPartition.Calls, 0);
        foreach (var from in (long[])[0, 1, 17, 150, whole[^1].Offset])
        {
            var batch = await Reader.ReadAsync(LedgerPartition.Calls, from, 1, CancellationToken.None);
            Assert.Equal(whole.First(r => r.Offset >= from).Bytes.ToArray(), batch.Records[0].Bytes.ToArray());
            Assert.Equal(batch.Records[^1].Offset + 1, batch.Next);
        }
    }

    [Fact]
    public async Task At_the_end_there_is_nothing_and_no_damage()
    {
        await SettledAsync();
        var end = (await Reader.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End;
        var batch = await Reader.ReadAsync(LedgerPartition.Calls, end, 1024, CancellationToken.None);
        Assert.Empty(batch.Records);
        Assert.Null(batch.Damage);
        Assert.Equal(end, batch.Next);
    }

    [Fact]
    public async Task A_record_that_is_too_large_is_said_to_be_and_nothing_is_stored()
    {
        await SettledAsync();
        var end = (await Reader.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End;
        Assert.Equal(AppendStatus.TooLarge, (await AppendAsync(LedgerLog.Calls, new string('z', 8 * 1024 * 1024))).Status);
        Assert.Equal(end, (await Reader.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End);
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_ends()
    {
        using var cancel = new CancellationTokenSource();
        await SettledAsync();
        var end = (await Reader.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End;
        var wait = Reader.WaitAsync(LedgerPartition.Calls, end, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    /// <summary>Returns once everything that was appended can be read.</summary>
    protected virtual Task SettledAsync() => Task.CompletedTask;

    protected async Task<Appended> AppendAsync(LedgerLog log, string detail)
    {
        using var draft = TemporaryLedger.Draft(log, detail);
        return await Writer.AppendAsync(draft, CancellationToken.None);
    }
}
