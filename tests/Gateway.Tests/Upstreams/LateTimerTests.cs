using System.Collections.Concurrent;
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

    /// <summary>The system's clock, with the callbacks of timers that are disposed, as one that is late would run them.</summary>
    private sealed class LateTimers : TimeProvider
    {
        public bool IsRecording { get; set; }

        public ConcurrentQueue<Action> Disposed { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = System.CreateTimer(callback, state, dueTime, period);
            return IsRecording && state is CancellationTokenSource ? new Late(timer, () => Disposed.Enqueue(() => callback(state))) : timer;
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
