using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using McpLedger.Contracts.Events;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>A timer's callback may be under way while it is disposed; what it throws then ends the process.</summary>
public sealed class LateTimerTests
{
    [Fact]
    public async Task A_timer_that_fires_when_its_call_is_over_harms_nobody()
    {
        var time = new LateTimers();
        await using var gateway = await GatewayHarness.StartAsync(config => config, "gw-1", keys: null, services => services.AddSingleton<TimeProvider>(time));
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(http, Wire.Event(Wire.Result(Wire.IdOf(body), "\"ok\":true")));
        time.IsRecording = true;

        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("1", "ping"), Wire.Legacy), 200);
        await gateway.RecordedAsync<CallCompleted>(call => call.Outcome == CallOutcome.Ok);
        await Eventually.TrueAsync(() => time.Disposed.Count >= 3);

        Assert.All(time.Disposed, callback => callback());
    }

    [Fact]
    public async Task A_timer_that_fires_when_a_slow_body_is_there_harms_nobody()
    {
        var time = new LateTimers();
        await using var gateway = await GatewayHarness.StartAsync(config => config, "gw-1", keys: null, services => services.AddSingleton<TimeProvider>(time));
        var first = new TaskCompletionSource();
        using var request = Wire.PostRaw("demo", Wire.LegacyRequest("1", "ping"), Wire.Legacy);
        request.Content = new SlowContent(Wire.LegacyRequest("1", "ping"), first.Task);
        time.IsRecording = true;

        var sending = gateway.TextAsync(request, 200);
        await Eventually.TrueAsync(() => time.Made > 0);
        first.SetResult();
        await sending;
        await gateway.RecordedAsync<CallCompleted>(call => call.Outcome == CallOutcome.Ok);

        Assert.NotEmpty(time.Disposed);
        Assert.All(time.Disposed, callback => callback());
    }

    /// <summary>A body of which nothing comes until it may.</summary>
    private sealed class SlowContent : HttpContent
    {
        private readonly byte[] _bytes;
        private readonly Task _first;

        public SlowContent(string text, Task first)
        {
            (_bytes, _first) = (Encoding.UTF8.GetBytes(text), first);
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await _first;
            await stream.WriteAsync(_bytes);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }

    /// <summary>The system's clock, with the callbacks of timers that are disposed, as one that is late would run them.</summary>
    private sealed class LateTimers : TimeProvider
    {
        private int _made;

        public bool IsRecording { get; set; }

        public int Made => Volatile.Read(ref _made);

        public ConcurrentQueue<Action> Disposed { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = System.CreateTimer(callback, state, dueTime, period);
            if (!IsRecording || state is not (CancellationTokenSource or PipeReader))
            {
                return timer;
            }

            Interlocked.Increment(ref _made);
            return new Late(timer, () => Disposed.Enqueue(() => callback(state)));
        }

        private sealed class Late(ITimer timer, Action disposed) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

            public void Dispose()
            {
                timer.Dispose();
                disposed();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }
    }
}
