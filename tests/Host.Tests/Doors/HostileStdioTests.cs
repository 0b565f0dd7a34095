using System.Collections.Concurrent;
using System.Net;
using System.Text;
using static McpLedger.Host.Tests.Doors.StdioClient;

namespace McpLedger.Host.Tests.Doors;

/// <summary>Clients and servers that say what no header, no line and no text can hold: whoever waits is answered, and the connection goes on.</summary>
public sealed class HostileStdioTests
{
    private const int LongestLine = 32 * 1024 * 1024;
    private const string Ping = """{"jsonrpc":"2.0","id":9,"method":"ping"}""";

    private static Task<HttpResponseMessage> Answer(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Json("""{"jsonrpc":"2.0","id":9,"result":{}}"""));

    [Fact]
    public async Task A_line_that_is_too_long_is_answered_and_the_next_one_is_read()
    {
        var said = new byte[LongestLine + 3 + Ping.Length];
        Array.Fill(said, (byte)'x', 0, LongestLine + 2);
        said[LongestLine + 2] = (byte)'\n';
        Encoding.UTF8.GetBytes(Ping, said.AsSpan(LongestLine + 3));

        var answers = await RunAsync(Answer, said);

        Assert.Equal([(null, -32600), (9, null)], answers.Select(Fault));
    }

    [Fact]
    public async Task Bytes_reach_the_gateway_as_the_client_wrote_them_or_not_at_all()
    {
        const string spaced = "{ \"jsonrpc\" : \"2.0\",\t\"id\":9, \"method\":\"ping\", \"params\":{ \"x\": \"\\u00e9 é \\/\" } }";
        var posted = new ConcurrentQueue<byte[]>();
        async Task<HttpResponseMessage> Take(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            posted.Enqueue(await BodyAsync(request));
            return Json("""{"jsonrpc":"2.0","id":9,"result":{}}""");
        }

        await RunAsync(Take, Encoding.UTF8.GetBytes($"\r\n{spaced}\r\n"));
        var answers = await RunAsync(Take, [.. "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\",\"params\":{\"x\":\""u8, 0xFF, .. "\"}}\n"u8]);

        Assert.Equal(spaced, Encoding.UTF8.GetString(Assert.Single(posted)));
        Assert.Equal(-32700, Fault(Assert.Single(answers)).Code);
    }

    [Theory]
    [InlineData("\"method\":\"a\\nb\"", "2026-07-28")]
    [InlineData("\"method\":\"größe\"", "2026-07-28")]
    [InlineData("\"method\":\"ping\"", "2026-07-28\\r\\nX-Forged: 1")]
    public async Task What_no_header_can_carry_is_an_invalid_request_and_ends_nothing(string method, string version)
    {
        var rest = $"{method},\"params\":{{{Modern.Replace("2026-07-28", version, StringComparison.Ordinal)}}}}}";

        var answers = await RunAsync(Answer, "{\"jsonrpc\":\"2.0\",\"id\":1," + rest, "{\"jsonrpc\":\"2.0\"," + rest, Ping);

        Assert.Equal([(1, -32600), (9, null)], answers.Select(Fault).Order());
    }

    [Fact]
    public async Task A_server_that_speaks_a_revision_which_is_no_header_ends_nothing()
    {
        var answers = await RunAsync(
            async (request, _) => request.Method == HttpMethod.Get ? new(HttpStatusCode.MethodNotAllowed) : MethodOf(await SentAsync(request)) switch
            {
                "initialize" => Opened("2025\\n11"),
                "ping" => Json("""{"jsonrpc":"2.0","id":9,"result":{}}"""),
                _ => new(HttpStatusCode.Accepted),
            },
            Initialize,
            Initialized,
            Ping);

        Assert.Equal([(0, null), (9, null)], answers.Select(Fault).Order());
    }
}
