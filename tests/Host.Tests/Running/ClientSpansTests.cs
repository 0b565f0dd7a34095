using System.Collections.Concurrent;
using System.Diagnostics;
using McpLedger.Host.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace McpLedger.Host.Tests.Running;

public sealed class ClientSpansTests
{
    [Fact]
    public async Task A_secret_in_the_path_of_an_address_is_in_no_span()
    {
        var spans = new Kept();
        using var tracing = Sdk.CreateTracerProviderBuilder().AddSpans().AddProcessor(new SimpleActivityExportProcessor(spans)).Build();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        server.Run(_ => Task.CompletedTask);
        await server.StartAsync(TestContext.Current.CancellationToken);
        var url = new Uri(server.Urls.First());
        using var client = new HttpClient();

        using var answer = await client.GetAsync(new Uri(url, "s/s3cr3t-of-the-path/mcp?key=s3cr3t-of-the-query"), TestContext.Current.CancellationToken);
        tracing.ForceFlush();

        // Other tests of this process may call somewhere meanwhile.
        var said = Assert.Single(spans.Tags, t => t.Any(tag => tag is { Key: "server.port", Value: int port } && port == url.Port));
        Assert.Contains(said, tag => tag is { Key: "url.full", Value: string full } && full == $"http://127.0.0.1:{url.Port}");
        Assert.DoesNotContain(said, tag => tag.Value?.ToString()?.Contains("s3cr3t", StringComparison.Ordinal) == true);
    }

    private sealed class Kept : BaseExporter<Activity>
    {
        public ConcurrentQueue<KeyValuePair<string, object?>[]> Tags { get; } = [];

        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var activity in batch)
            {
                if (activity.Kind == ActivityKind.Client)
                {
                    Tags.Enqueue([.. activity.TagObjects]);
                }
            }

            return ExportResult.Success;
        }
    }
}
