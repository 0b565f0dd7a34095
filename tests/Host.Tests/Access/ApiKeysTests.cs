using System.Threading.Channels;
using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Access;
using McpLedger.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Host.Tests.Access;

public sealed class ApiKeysTests : IAsyncDisposable
{
    private readonly ScriptedControl _control = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ApiKeys _keys;
    private readonly (string Id, Digest Sha256, string Presented) _made = ApiKey.Create();

    public ApiKeysTests() => _keys = new(_control, new(NullLogger<AccessTelemetry>.Instance), TimeSpan.FromMinutes(15), _time);

    private KeyCreated Created => new(_made.Id, _made.Sha256, null, "viewer", [], "service", "admin", null);

    private bool Opens => _keys.Ring.Match(_made.Presented, _time.GetUtcNow()) is not null;

    public async ValueTask DisposeAsync()
    {
        await _keys.StopAsync(CancellationToken.None);
        _keys.Dispose();
    }

    [Fact]
    public async Task A_key_that_was_revoked_later_opens_nothing_while_the_log_is_read()
    {
        await _keys.StartAsync(CancellationToken.None);
        await _control.AnswerAsync(null, Created);
        await _control.AskedAsync();

        Assert.False(Opens);
        Assert.NotNull(_keys.Check());

        _control.Answer(null, new KeyRevoked(_made.Id, "admin"));
        await _control.AnswerAsync(null);
        await _control.WaitedAsync();
        Assert.False(Opens);
        Assert.Null(_keys.Check());
    }

    [Fact]
    public async Task A_key_made_before_the_end_of_the_log_is_in_force_once_that_is_reached()
    {
        await _keys.StartAsync(CancellationToken.None);
        await _control.AnswerAsync(null, Created);
        await _control.AnswerAsync(null);
        await _control.WaitedAsync();
        Assert.True(Opens);

        _control.Grow();
        await _control.AnswerAsync(null, new KeyRevoked(_made.Id, "admin"));
        await _control.AskedAsync();
        Assert.False(Opens);
    }

    [Fact]
    public async Task A_key_can_be_taken_back_before_its_making_was_read()
    {
        await _keys.StartAsync(CancellationToken.None);
        await _control.AnswerAsync(null);
        await _control.WaitedAsync();
        _control.Answer(null, Created);

        var may = _keys.MayRevokeAsync(_made.Id, CancellationToken.None).AsTask();
        _control.Grow();
        while (!Opens)
        {
            await Task.Yield();
        }

        while (!may.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(20));
            await Task.Yield();
        }

        Assert.True(await may);
        Assert.False(await _keys.MayRevokeAsync("another", CancellationToken.None));
    }

    [Fact]
    public async Task In_front_of_damage_no_key_opens_anything_and_the_log_is_asked_again_only_after_a_while()
    {
        await _keys.StartAsync(CancellationToken.None);
        await _control.AnswerAsync("a checksum does not hold", Created);
        await _control.AnsweredAsync();
        while (_keys.Check() is not { } why || !why.Contains("offset 1", StringComparison.Ordinal))
        {
            await Task.Yield();
        }

        Assert.False(Opens);
        Assert.Equal(1, _control.Reads);

        // The one who waits for the clock may come to it after it was moved.
        while (_control.Reads == 1)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await _control.AnswerAsync(null, Array.Empty<EventData>());
        await _control.WaitedAsync();
        Assert.True(Opens);
    }

    [Fact]
    public async Task A_log_that_answers_no_more_leaves_the_keys_in_force_for_a_while_and_no_longer()
    {
        await _keys.StartAsync(CancellationToken.None);
        await _control.AnswerAsync(null, Created);
        await _control.AnswerAsync(null);
        await _control.WaitedAsync();

        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.True(Opens);
        Assert.Null(_keys.Check());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(Opens);
        Assert.Contains("cannot be read for too long", _keys.Check(), StringComparison.Ordinal);

        // Asked when it began to be silent; what it answers says how it was then.
        await _control.AnswerAsync(null);
        await _control.WaitedAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        await _control.AnswerAsync(null);
        await _control.WaitedAsync();
        Assert.True(Opens);
    }

    /// <summary>A control log that is read as the test says: each reading waits for its answer.</summary>
    private sealed class ScriptedControl : ILedgerReader
    {
        private readonly ChainWriter _chain = new("test/1/control-0", Digest.Zero);
        private readonly Channel<(string? Damage, LedgerRecord[] Records)> _answers = Channel.CreateUnbounded<(string?, LedgerRecord[])>();
        private readonly SemaphoreSlim _asked = new(0);
        private readonly SemaphoreSlim _answered = new(0);
        private readonly SemaphoreSlim _waited = new(0);
        private readonly SemaphoreSlim _grown = new(0);
        private long _end;
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public IReadOnlyList<LedgerPartition> Partitions => [LedgerPartition.Control];

        public Task AskedAsync() => _asked.WaitAsync();

        public Task AnsweredAsync() => _answered.WaitAsync();

        public Task WaitedAsync() => _waited.WaitAsync();

        public void Grow() => _grown.Release();

        public async Task AnswerAsync(string? damage, params EventData[] events)
        {
            await AskedAsync();
            Answer(damage, events);
        }

        public void Answer(string? damage, params EventData[] events) => _answers.Writer.TryWrite((damage, [.. events.Select(Record)]));

        public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => new(new LedgerBounds(0, _end));

        public async ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            _asked.Release();
            var (damage, records) = await _answers.Reader.ReadAsync(cancellationToken);
            _answered.Release();
            return new(records, from + records.Length, damage);
        }

        public async ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken)
        {
            _waited.Release();
            await _grown.WaitAsync(cancellationToken);
        }

        private LedgerRecord Record(EventData data)
        {
            using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test", DateTimeOffset.UnixEpoch, null, LedgerLog.Control, null, data);
            var bytes = new byte[_chain.MaxLength(draft.Tail.Length)];
            return new(LedgerPartition.Control, _end++, bytes.AsMemory(0, _chain.Compose(bytes, draft.Tail.Span)));
        }
    }
}
