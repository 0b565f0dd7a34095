using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using McpLedger.Host.Doors;

namespace McpLedger.Host.Tests.Doors;

/// <summary>A client that only speaks stdio, before a gateway that a test plays.</summary>
internal static class StdioClient
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    public static readonly Uri Endpoint = new("http://gateway/s/one/mcp");

    public const string Modern = "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{}}";
    public const string Initialize = """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}""";
    public const string Initialized = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";

    public static Task<JsonElement[]> RunAsync(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> gateway, params string[] lines) =>
        RunAsync(gateway, Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

    /// <summary>Says everything, closes its end, and takes the answers.</summary>
    public static async Task<JsonElement[]> RunAsync(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> gateway, byte[] said)
    {
        using var client = new HttpClient(new Edge(gateway));
        using var input = new MemoryStream(said);
        using var output = new MemoryStream();
        await new StdioConnection(client, Endpoint, input, output, TimeProvider.System).RunAsync(CancellationToken.None).WaitAsync(Patience);
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
    }

    public static HttpResponseMessage Json(string json) => new(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Events(params string[] messages) =>
        new(HttpStatusCode.OK) { Content = new StringContent(string.Concat(messages.Select(m => $"event: message\ndata: {m}\n\n")), Encoding.UTF8, "text/event-stream") };

    /// <summary>The answer to <c>initialize</c>, with a session.</summary>
    public static HttpResponseMessage Opened(string protocol)
    {
        var opened = Json("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"protocolVersion\":\"" + protocol + "\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}");
        opened.Headers.Add("Mcp-Session-Id", "sealed");
        return opened;
    }

    public static string? Header(HttpRequestMessage request, string name) => request.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    public static async Task<byte[]> BodyAsync(HttpRequestMessage request) => request.Content is { } content ? await content.ReadAsByteArrayAsync(CancellationToken.None) : [];

    /// <summary>What was posted; for a request without a body an empty object.</summary>
    public static async Task<JsonElement> SentAsync(HttpRequestMessage request) => JsonDocument.Parse(await BodyAsync(request) is { Length: > 0 } body ? body : "{}"u8.ToArray()).RootElement;

    public static string? MethodOf(JsonElement message) => message.TryGetProperty("method", out var method) ? method.GetString() : null;

    public static (int? Id, int? Code) Fault(JsonElement answer) =>
        (answer.TryGetProperty("id", out var id) ? id.GetInt32() : null, answer.TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : null);

    /// <summary>Time in which every wait is over at once, and whose clock stands until a test says that it goes on.</summary>
    public sealed class Hurried : TimeProvider
    {
        private long _now;

        public ConcurrentQueue<TimeSpan> Waits { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Pass(TimeSpan by) => Interlocked.Add(ref _now, (long)(by.TotalSeconds * TimestampFrequency));
    }

    /// <summary>The network, played by a test.</summary>
    public sealed class Edge(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> gateway) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => gateway(request, cancellationToken);
    }

    /// <summary>Standard input as a console's: says a few lines, stays open, and a read in it hears nothing of being cancelled.</summary>
    public sealed class Console(params string[] lines) : Stream
    {
        private readonly MemoryStream _said = new(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _said.Read(buffer.Span) is > 0 and var count ? count : await new TaskCompletionSource<int>().Task;

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
