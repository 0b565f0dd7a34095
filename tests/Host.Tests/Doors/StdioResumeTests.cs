using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json;
using McpLedger.Host.Doors;
using static McpLedger.Host.Tests.Doors.StdioClient;

namespace McpLedger.Host.Tests.Doors;

/// <summary>Calls whose stream ends without their answer: closed to be resumed, or because the client cancelled.</summary>
public sealed class StdioResumeTests
{
    private const string Call = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}""";
    private const string Progress = """{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}""";
    private const string Result = """{"jsonrpc":"2.0","id":1,"result":{}}""";
    private static readonly byte[] Cancelled = [.. """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"""u8, (byte)'\n'];

    [Fact]
    public async Task A_stream_that_is_closed_to_be_resumed_is_asked_for_until_it_brings_the_answer()
    {
        var asked = new ConcurrentQueue<string?>();
        var answers = await RunAsync(
            Polled(request =>
            {
                asked.Enqueue($"{Header(request, "Last-Event-ID")} {Header(request, "Mcp-Session-Id")}");
                return asked.Count switch
                {
                    1 => Raw("id: 8\nretry: 50\ndata: " + Progress + "\n\n"),
                    2 => new(HttpStatusCode.ServiceUnavailable),
                    3 => throw new HttpRequestException("it restarts"),
                    _ => Raw("id: 9\ndata: " + Result + "\n\n"),
                };
            }),
            Initialize,
            Call);

        Assert.Equal(["7 sealed", "8 sealed", "8 sealed", "8 sealed"], asked);
        Assert.Equal([0, null, 1], answers.Select(IdOf));
        Assert.True(answers[2].TryGetProperty("result", out _));
    }

    [Theory]
    [InlineData("999")]
    [InlineData("\"1\"")]
    public async Task What_answers_another_request_on_a_resumed_stream_is_passed_on_and_the_call_waited_for(string id)
    {
        var asked = 0;
        var answers = await RunAsync(Polled(_ => Raw($"id: {8 + asked}\ndata: " + (asked++ == 0 ? Result.Replace(":1,", $":{id},", StringComparison.Ordinal) : Result) + "\n\n")), Initialize, Call);

        Assert.Equal(2, asked);
        Assert.Equal(3, answers.Length);
        Assert.True(answers[2].TryGetProperty("result", out _));
        Assert.Equal(1, IdOf(answers[2]));
    }

    [Fact]
    public async Task An_id_is_the_same_however_it_is_spelled()
    {
        var asked = 0;
        var answers = await RunAsync(
            Polled(_ =>
            {
                asked++;
                return Raw("data: " + Result.Replace(":1,", """:"\u0061",""", StringComparison.Ordinal) + "\n\n");
            }),
            Initialize,
            Call.Replace(":1,", ":\"a\",", StringComparison.Ordinal));

        Assert.Equal((1, 2), (asked, answers.Length));
    }

    [Fact]
    public async Task A_resumed_stream_that_stays_open_behind_the_answer_holds_no_call()
    {
        var answers = await RunAsync(
            Polled(_ => Open("data: " + Result + "\n\n")),
            Initialize,
            Call);

        Assert.Equal([0, 1], answers.Select(IdOf));
    }

    [Theory]
    [InlineData(404, 1)]
    [InlineData(405, 1)]
    [InlineData(400, 1)]
    [InlineData(503, 10)]
    [InlineData(200, 10)]
    public async Task A_stream_that_cannot_be_resumed_is_given_up_with_one_error(int status, int times)
    {
        var asked = 0;
        var answers = await RunHurriedAsync(
            Polled(_ =>
            {
                asked++;
                return status == 200 ? Raw("") : new((HttpStatusCode)status);
            }),
            new());

        Assert.Equal([0, 1], answers.Select(IdOf));
        Assert.Equal((1, -32603), Fault(answers[1]));
        Assert.Equal(times, asked);
    }

    [Fact]
    public async Task A_call_that_its_server_lets_wait_in_streams_of_half_a_minute_is_waited_for()
    {
        var (time, asked) = (new Hurried(), 0);
        var answers = await RunHurriedAsync(
            Polled(_ =>
            {
                time.Pass(TimeSpan.FromSeconds(30));
                return Raw(++asked <= 40 ? ": not yet\n\n" : "data: " + Result + "\n\n");
            }),
            time);

        Assert.Equal([0, 1], answers.Select(IdOf));
        Assert.True(answers[1].TryGetProperty("result", out _));
        Assert.Equal(41, asked);
    }

    [Fact]
    public async Task A_stream_that_breaks_on_the_way_is_resumed_like_one_that_was_closed()
    {
        var asked = new ConcurrentQueue<string?>();
        var answers = await RunAsync(
            async (request, cancellationToken) =>
            {
                if (request.Method == HttpMethod.Get)
                {
                    asked.Enqueue(Header(request, "Last-Event-ID"));
                    return asked.Count == 1 ? Broken("id: 8\ndata: " + Progress + "\n\n") : Raw("id: 9\ndata: " + Result + "\n\n");
                }

                return MethodOf(await SentAsync(request)) == "tools/call" ? Broken("id: 7\nretry: 50\ndata:\n\n") : await Polled(_ => throw new NotSupportedException())(request, cancellationToken);
            },
            Initialize,
            Call);

        Assert.Equal(["7", "8"], asked);
        Assert.Equal([0, null, 1], answers.Select(IdOf));
        Assert.True(answers[2].TryGetProperty("result", out _));
    }

    [Fact]
    public async Task A_stream_that_breaks_before_it_has_a_place_is_an_error()
    {
        var answers = await RunAsync(
            async (request, cancellationToken) => MethodOf(await SentAsync(request)) == "tools/call" ? Broken("data: " + Progress + "\n\n") : await Polled(_ => throw new NotSupportedException())(request, cancellationToken),
            Initialize,
            Call);

        Assert.Equal([0, null, 1], answers.Select(IdOf));
        Assert.Equal((1, -32603), Fault(answers[2]));
    }

    [Fact]
    public async Task The_pace_is_the_servers()
    {
        var (time, asked) = (new Hurried(), 0);
        await RunHurriedAsync(Polled(_ => Raw(++asked == 1 ? "id: 8\nretry: 3000\ndata: {}\n\n" : "data: " + Result + "\n\n"), retry: 2000), time);

        Assert.Equal([2000, 3000], time.Waits.Take(2).Select(w => (int)w.TotalMilliseconds));
    }

    [Fact]
    public async Task A_modern_call_has_nothing_to_resume()
    {
        var gets = 0;
        var answers = await RunAsync(
            Polled(_ =>
            {
                gets++;
                return new(HttpStatusCode.MethodNotAllowed);
            }),
            $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x",{{{Modern}}}}}""");

        Assert.Equal(((int?)1, (int?)-32603), Fault(Assert.Single(answers)));
        Assert.Equal(0, gets);
    }

    [Theory]
    [InlineData("")]
    [InlineData("id: 7\nretry: 50\ndata:\n\n")]
    public async Task A_call_that_its_client_cancelled_is_answered_with_nothing(string stream)
    {
        var posted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var client = new HttpClient(new Edge(async (request, cancellationToken) =>
        {
            switch (MethodOf(await SentAsync(request)))
            {
                case "initialize":
                    return Opened("2025-11-25");
                case "tools/call":
                    posted.SetResult();
                    await cancelled.Task.WaitAsync(cancellationToken);
                    return Raw(stream);
                case "notifications/cancelled":
                    cancelled.SetResult();
                    break;
            }

            return new(HttpStatusCode.Accepted);
        }));

        var answered = await CancelOnceAsync(client, posted.Task);

        Assert.True(cancelled.Task.IsCompleted);
        Assert.Equal(0, IdOf(answered));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_while_its_stream_is_resumed_is_waited_for_no_more()
    {
        var resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var client = new HttpClient(new Edge(async (request, _) =>
        {
            if (request.Method == HttpMethod.Get)
            {
                resumed.SetResult();
                return Open(": there\n\n");
            }

            switch (MethodOf(await SentAsync(request)))
            {
                case "initialize":
                    return Opened("2025-11-25");
                case "tools/call":
                    return Raw("id: 7\nretry: 50\ndata:\n\n");
                case "notifications/cancelled":
                    told.SetResult();
                    break;
            }

            return new(HttpStatusCode.Accepted);
        }));

        var answered = await CancelOnceAsync(client, resumed.Task);

        Assert.True(told.Task.IsCompleted);
        Assert.Equal(0, IdOf(answered));
    }

    /// <summary>Opens, calls, cancels the call once something is so, and closes.</summary>
    /// <returns>The one message that the client was sent.</returns>
    private static async Task<JsonElement> CancelOnceAsync(HttpClient client, Task isSo)
    {
        var said = new Pipe();
        using var output = new MemoryStream();
        var running = new StdioConnection(client, Endpoint, said.Reader.AsStream(), output, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken);
        await said.Writer.WriteAsync(Encoding.UTF8.GetBytes($"{Initialize}\n{Call}\n"), TestContext.Current.CancellationToken);
        await isSo.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await said.Writer.WriteAsync(Cancelled, TestContext.Current.CancellationToken);
        await said.Writer.CompleteAsync();
        await running.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return JsonDocument.Parse(output.ToArray()).RootElement;
    }

    /// <summary>A gateway that opens a session, closes each call's stream after an event with an id, and answers a GET as a test says.</summary>
    private static Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> Polled(Func<HttpRequestMessage, HttpResponseMessage> get, int retry = 50) => async (request, _) =>
        request.Method == HttpMethod.Get ? get(request) : MethodOf(await SentAsync(request)) switch
        {
            "initialize" => Opened("2025-11-25"),
            "tools/call" => Raw($"id: 7\nretry: {retry}\ndata:\n\n"),
            _ => new(HttpStatusCode.Accepted),
        };

    /// <summary>Opens a session, calls, and closes its end when both are answered: with every wait over at once, the last one is, too.</summary>
    private static async Task<JsonElement[]> RunHurriedAsync(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> gateway, Hurried time)
    {
        using var client = new HttpClient(new Edge(gateway));
        var (said, heard) = (new Pipe(), new Pipe());
        using var lines = new StreamReader(heard.Reader.AsStream());
        var running = new StdioConnection(client, Endpoint, said.Reader.AsStream(), heard.Writer.AsStream(), time).RunAsync(TestContext.Current.CancellationToken);
        await said.Writer.WriteAsync(Encoding.UTF8.GetBytes($"{Initialize}\n{Call}\n"), TestContext.Current.CancellationToken);
        var answers = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            answers.Add((await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken))!);
        }

        await said.Writer.CompleteAsync();
        await running.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await heard.Writer.CompleteAsync();
        answers.AddRange((await lines.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return [.. answers.Select(a => JsonDocument.Parse(a).RootElement)];
    }

    private static HttpResponseMessage Raw(string events) => new(HttpStatusCode.OK) { Content = new StringContent(events, Encoding.UTF8, "text/event-stream") };

    private static HttpResponseMessage Open(string events) => new(HttpStatusCode.OK) { Content = new StreamContent(new Endless(events)) { Headers = { ContentType = new("text/event-stream") } } };

    private static HttpResponseMessage Broken(string events) => new(HttpStatusCode.OK) { Content = new StreamContent(new Endless(events) { Breaks = true }) { Headers = { ContentType = new("text/event-stream") } } };

    private static int? IdOf(JsonElement message) => message.TryGetProperty("id", out var id) ? id.GetInt32() : null;

    /// <summary>A body that says a few words and then stays open, or breaks.</summary>
    private sealed class Endless(string said) : Stream
    {
        private readonly MemoryStream _said = new(Encoding.UTF8.GetBytes(said));

        public bool Breaks { get; init; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = _said.Read(buffer.Span);
            if (count == 0 && Breaks)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded);
            }

            if (count == 0)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _said.Dispose();
            base.Dispose(disposing);
        }
    }
}
