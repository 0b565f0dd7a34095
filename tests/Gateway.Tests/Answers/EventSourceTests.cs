using System.IO.Pipelines;
using System.Text;
using McpLedger.Gateway.Answers;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Gateway.Tests.Answers;

public sealed class EventSourceTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task How_long_the_client_takes_is_no_silence_of_the_server()
    {
        var time = new FakeTimeProvider();
        var wire = new Pipe();
        using var events = new EventSource(wire.Reader.AsStream(), 1000, Idle, time);
        for (var i = 0; i < 3; i++)
        {
            await wire.Writer.WriteAsync("data: x\n\n"u8.ToArray());
            Assert.Equal("x", Encoding.UTF8.GetString((await events.NextAsync(CancellationToken.None))!.Value.Data.Span));
            time.Advance(Idle * 2);
        }

        Assert.Null(events.End);
    }

    [Fact]
    public async Task A_server_that_is_silent_too_long_is_given_up()
    {
        var time = new FakeTimeProvider();
        using var events = new EventSource(new Pipe().Reader.AsStream(), 1000, Idle, time);
        var next = events.NextAsync(CancellationToken.None).AsTask();
        time.Advance(Idle);

        Assert.Null(await next);
        Assert.Equal(StreamEnd.Silent, events.End);
    }
}
