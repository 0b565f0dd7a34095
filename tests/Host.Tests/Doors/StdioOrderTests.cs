using System.Collections.Concurrent;
using System.Net;
using System.Text;
using McpLedger.Host.Doors;
using static McpLedger.Host.Tests.Doors.StdioClient;

namespace McpLedger.Host.Tests.Doors;

/// <summary>What waits for what between a stdio client and the gateway, and how it all ends.</summary>
public sealed class StdioOrderTests
{
    private const int MostAtOnce = 64;
    private const int MostWaiting = 1024;

    private static string Call(int id) => $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":"asks"}}""";

    private static string Result(int id) => $$$"""{"jsonrpc":"2.0","id":{{{id}}},"result":{}}""";

    [Fact]
    public async Task Calls_that_wait_for_the_clients_own_answers_get_them_however_many_there_are()
    {
        using var answers = new SemaphoreSlim(0);

        var answered = await RunAsync(
            async (request, cancellationToken) =>
            {
                var sent = await SentAsync(request);
                if (MethodOf(sent) is null)
                {
                    answers.Release();
                    return new(HttpStatusCode.Accepted);
                }

                var id = sent.GetProperty("id").GetInt32();
                if (id <= MostAtOnce)
                {
                    await answers.WaitAsync(cancellationToken);
                }

                return Json(Result(id));
            },
            [.. Enumerable.Range(1, MostAtOnce + 1).Select(Call), .. Enumerable.Range(1, MostAtOnce).Select(n => $$$"""{"jsonrpc":"2.0","id":"asked-{{{n}}}","result":{}}""")]);

        Assert.Equal(Enumerable.Range(1, MostAtOnce + 1), answered.Select(a => a.GetProperty("id").GetInt32()).Order());
    }

    [Fact]
    public async Task More_calls_than_can_wait_are_refused_and_all_others_are_answered()
    {
        const int all = MostAtOnce + MostWaiting + 1;
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var answered = await RunAsync(
            async (request, cancellationToken) =>
            {
                var sent = await SentAsync(request);
                if (MethodOf(sent) is null)
                {
                    released.SetResult();
                    return new(HttpStatusCode.Accepted);
                }

                await released.Task.WaitAsync(cancellationToken);
                return Json(Result(sent.GetProperty("id").GetInt32()));
            },
            [.. Enumerable.Range(1, all).Select(Call), """{"jsonrpc":"2.0","id":"asked","result":{}}"""]);

        Assert.Equal(Enumerable.Range(1, all), answered.Select(a => a.GetProperty("id").GetInt32()).Order());
        Assert.Equal((all, -32603), Fault(Assert.Single(answered, a => a.TryGetProperty("error", out _))));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_while_it_waits_for_its_turn_is_never_sent_and_nobody_is_told()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var posted = new ConcurrentQueue<string>();

        await RunAsync(
            async (request, cancellationToken) =>
            {
                var sent = await SentAsync(request);
                posted.Enqueue($"{MethodOf(sent)} {(sent.TryGetProperty("id", out var id) ? id.GetRawText() : "")}");
                switch (MethodOf(sent))
                {
                    case "initialize":
                        return Opened("2025-11-25");
                    case "tools/call":
                        await released.Task.WaitAsync(cancellationToken);
                        return Json(Result(id.GetInt32()));
                    case null when request.Method == HttpMethod.Post:
                        released.SetResult();
                        break;
                }

                return new(HttpStatusCode.Accepted);
            },
            [
                Initialize, .. Enumerable.Range(1, MostAtOnce + 1).Select(Call),
                $$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{{MostAtOnce + 1}}}} }""", """{"jsonrpc":"2.0","id":"asked","result":{}}""",
            ]);

        Assert.Contains($"tools/call {MostAtOnce}", posted);
        Assert.DoesNotContain($"tools/call {MostAtOnce + 1}", posted);
        Assert.DoesNotContain(posted, p => p.StartsWith("notifications/cancelled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Notifications_keep_their_order_and_a_response_waits_for_none_of_them()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var progress = new ConcurrentQueue<int>();

        await RunAsync(
            async (request, cancellationToken) =>
            {
                var sent = await SentAsync(request);
                if (MethodOf(sent) is null)
                {
                    answer.SetResult();
                }
                else
                {
                    await answer.Task.WaitAsync(cancellationToken);
                    await Task.Yield();
                    progress.Enqueue(sent.GetProperty("params").GetProperty("progress").GetInt32());
                }

                return new(HttpStatusCode.Accepted);
            },
            [.. Enumerable.Range(1, 20).Select(n => $$$"""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":{{{n}}}} }"""), """{"jsonrpc":"2.0","id":"asked","result":{}}"""]);

        Assert.Equal(Enumerable.Range(1, 20), progress);
    }

    [Fact]
    public async Task Whoever_is_told_to_end_ends_the_session_first()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new ConcurrentQueue<string>();
        using var client = new HttpClient(new Edge(async (request, cancellationToken) =>
        {
            seen.Enqueue($"{request.Method} {Header(request, "Mcp-Session-Id")} {Header(request, "MCP-Protocol-Version")}");
            switch (MethodOf(await SentAsync(request)))
            {
                case "initialize":
                    return Opened("2025-11-25");
                case "tools/call":
                    called.SetResult();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
            }

            return new(HttpStatusCode.MethodNotAllowed);
        }));
        await using var input = new StdioClient.Console(Initialize, Initialized, Call(1));
        using var output = new MemoryStream();
        using var told = new CancellationTokenSource();
        var running = new StdioConnection(client, Endpoint, input, output, TimeProvider.System).RunAsync(told.Token);
        await called.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        await told.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
        Assert.Equal("DELETE sealed 2025-11-25", seen.Last());
    }

    [Fact]
    public async Task The_servers_own_stream_is_opened_again_from_where_it_broke_off()
    {
        var again = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var opened = 0;
        using var client = new HttpClient(new Edge(async (request, _) =>
        {
            if (request.Method == HttpMethod.Get)
            {
                switch (++opened)
                {
                    case 1:
                        return new(HttpStatusCode.OK) { Content = new StringContent("id: 7\nretry: 50\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n", Encoding.UTF8, "text/event-stream") };
                    case 2:
                        throw new HttpRequestException("it restarts");
                    case 3:
                        return new(HttpStatusCode.ServiceUnavailable);
                    default:
                        again.TrySetResult(Header(request, "Last-Event-ID"));
                        return new(HttpStatusCode.MethodNotAllowed);
                }
            }

            return MethodOf(await SentAsync(request)) == "initialize" ? Opened("2025-11-25") : new(HttpStatusCode.Accepted);
        }));
        await using var input = new StdioClient.Console(Initialize, Initialized);
        using var output = new MemoryStream();
        using var told = new CancellationTokenSource();
        var running = new StdioConnection(client, Endpoint, input, output, TimeProvider.System).RunAsync(told.Token);

        Assert.Equal("7", await again.Task.WaitAsync(Patience, TestContext.Current.CancellationToken));

        await told.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
        Assert.Contains("notifications/tools/list_changed", Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_the_gateway_does_not_take_is_forgotten()
    {
        var asked = new ConcurrentQueue<string?>();
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var client = new HttpClient(new Edge(async (request, _) =>
        {
            if (request.Method == HttpMethod.Get)
            {
                asked.Enqueue(Header(request, "Last-Event-ID"));
                switch (asked.Count)
                {
                    case 1:
                        return new(HttpStatusCode.OK) { Content = new StringContent("id: 7\ndata:\n\n", Encoding.UTF8, "text/event-stream") };
                    case 2:
                        return new(HttpStatusCode.BadRequest);
                    default:
                        over.TrySetResult();
                        return new(HttpStatusCode.MethodNotAllowed);
                }
            }

            return MethodOf(await SentAsync(request)) == "initialize" ? Opened("2025-11-25") : new(HttpStatusCode.Accepted);
        }));
        await using var input = new StdioClient.Console(Initialize, Initialized);
        using var output = new MemoryStream();
        using var told = new CancellationTokenSource();
        var running = new StdioConnection(client, Endpoint, input, output, new Hurried()).RunAsync(told.Token);
        await over.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal([null, "7", null], asked.Select(id => string.IsNullOrEmpty(id) ? null : id));

        await told.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("id: 1\ndata:\n\n", 1)]
    [InlineData(": there\n\n", 1)]
    [InlineData("id: 1\nretry: 16000\ndata:\n\n", 16)]
    public async Task A_server_that_ends_its_stream_at_once_is_asked_less_and_less_often(string stream, int first)
    {
        const int times = 9;
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var opened = 0;
        using var client = new HttpClient(new Edge(async (request, _) =>
        {
            if (request.Method == HttpMethod.Get && ++opened > times)
            {
                over.TrySetResult();
                return new(HttpStatusCode.MethodNotAllowed);
            }

            return request.Method == HttpMethod.Get ? new(HttpStatusCode.OK) { Content = new StringContent(stream, Encoding.UTF8, "text/event-stream") } : MethodOf(await SentAsync(request)) == "initialize" ? Opened("2025-11-25") : new(HttpStatusCode.Accepted);
        }));
        var time = new Hurried();
        await using var input = new StdioClient.Console(Initialize, Initialized);
        using var output = new MemoryStream();
        using var told = new CancellationTokenSource();
        var running = new StdioConnection(client, Endpoint, input, output, time).RunAsync(told.Token);
        await over.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal(((int[])[1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]).SkipWhile(s => s < first).Take(times), time.Waits.Select(w => (int)w.TotalSeconds));

        await told.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
    }
}
