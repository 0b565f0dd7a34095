using McpLedger.Host.Configuration;
using McpLedger.Host.Running;
using McpLedger.Streaming.Consuming;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Host.Tests.Running;

public sealed class EndingTests
{
    [Fact]
    public async Task A_call_that_hangs_takes_no_time_from_what_ends_after_it()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(Ending.Configure);
        builder.Services.AddSingleton<Part>().AddHostedService(s => s.GetRequiredService<Part>());
        await using var app = builder.Build();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Run(context =>
        {
            began.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        var call = client.GetAsync(new Uri(app.Urls.First()), TestContext.Current.CancellationToken);
        await began.Task;

        await app.EndAsync(TimeSpan.FromSeconds(1));

        Assert.True(app.Services.GetRequiredService<Part>().HasEnded);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => call);
    }

    [Fact]
    public async Task No_part_waits_for_another_to_hear_that_it_ends()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(Ending.Configure);
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        builder.Services.AddHostedService(_ => new Hearing(heard)).AddHostedService(_ => new Waiting(heard.Task));
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);

        await app.EndAsync(TimeSpan.Zero);

        Assert.True(heard.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_consumer_has_its_budget_before_the_container_is_gone() => Assert.True(new ConsumerOptions { Name = "any" }.DrainBudget < Ending.Parts);

    [Fact]
    public void Whoever_stops_a_process_waits_for_the_sum_of_what_its_parts_may_take()
    {
        var file = ConfigReader.ReadText("mcpledger.yaml", "listen: { drain: 5s, finish: 30s }\nservers: { a: { command: x, shutdownGrace: 4s }, b: { command: x, shutdownGrace: 1s }, c: { url: 'http://h/mcp' } }").File!;
        Assert.Equal(TimeSpan.FromSeconds(5 + 30 + 1 + 15 + 8 + 1), Ending.Longest(file));

        var apart = ConfigReader.ReadText("mcpledger.yaml", "listen: { drain: 5s, finish: 30s }\nkafka: { bootstrap: 'k:9092' }").File!;
        Assert.Equal(TimeSpan.FromSeconds(5 + 30 + 1 + 15 + 30), Ending.Longest(apart));
    }

    // Has something in hand when it hears that it is over.
    private sealed class Part : BackgroundService
    {
        public bool HasEnded { get; private set; }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(TimeSpan.FromMilliseconds(500), CancellationToken.None);
            HasEnded = true;
        }
    }

    private sealed class Hearing(TaskCompletionSource heard) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            heard.TrySetResult();
        }
    }

    private sealed class Waiting(Task heard) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => heard.WaitAsync(cancellationToken);
    }
}
