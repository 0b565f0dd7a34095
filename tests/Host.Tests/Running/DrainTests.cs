using McpLedger.Host.Running;
using McpLedger.Testing.Processes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpLedger.Host.Tests.Running;

public sealed class DrainTests
{
    private static readonly HostTelemetry Silent = new(NullLogger<HostTelemetry>.Instance);

    [Fact]
    public async Task The_door_stays_open_until_the_time_is_over_or_a_second_signal_comes()
    {
        using var life = new HostLife();
        using var drain = new Drain(life, Silent, TimeProvider.System);
        var wait = drain.WaitAsync(TimeSpan.FromDays(1));
        Assert.False(drain.HasBegun);

        drain.Ask();
        Assert.True(drain.HasBegun);
        Assert.False(wait.IsCompleted);

        drain.Ask();
        Assert.True(await wait);
    }

    [Fact]
    public async Task A_process_whose_part_gave_up_does_not_wait()
    {
        using var life = new HostLife();
        using var drain = new Drain(life, Silent, TimeProvider.System);
        var wait = drain.WaitAsync(TimeSpan.FromDays(1));

        life.StopApplication();

        Assert.False(await wait);
        Assert.True(drain.HasBegun);
    }

    [Fact]
    public void A_process_that_does_not_serve_yet_stops_at_the_first_signal()
    {
        using var life = new HostLife();
        using var drain = new Drain(life, Silent, TimeProvider.System);

        drain.Ask();

        Assert.True(life.ApplicationStopping.IsCancellationRequested);
    }

    [Theory]
    [InlineData("HTTP/1.1", true, "close")]
    [InlineData("HTTP/1.1", false, "")]
    [InlineData("HTTP/2", true, "")]
    public async Task Clients_are_sent_elsewhere_only_while_it_ends(string protocol, bool ending, string connection)
    {
        using var life = new HostLife();
        using var drain = new Drain(life, Silent, TimeProvider.System);
        if (ending)
        {
            drain.Ask();
        }

        var context = new DefaultHttpContext { Request = { Protocol = protocol } };
        await drain.SayGoodbyeAsync(context, _ => Task.CompletedTask);

        Assert.Equal(connection, context.Response.Headers.Connection.ToString());
    }
}
