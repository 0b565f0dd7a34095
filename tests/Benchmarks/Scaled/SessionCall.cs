using System.Globalization;
using System.Text;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>
/// One <c>tools/call</c> of 2026-07-28 as bytes of HTTP/1.1, with a key, an id of ten digits, a trace that some calls share (an agent's run, and so a session), and
/// a word of its own among its arguments by which it is found again.
/// </summary>
internal sealed class SessionCall
{
    public const int IdDigits = 10;
    private const int CallsOfSession = 50;
    private const string Id = "@@@@@@@@@@";
    private const string Trace = "################################";
    private const string Word = "%%%%%%%%%%";

    private readonly byte[] _request;
    private readonly int _idAt;
    private readonly int _traceAt;
    private readonly int _wordAt;

    public SessionCall(Uri endpoint, string key)
    {
        var body = """{"jsonrpc":"2.0","id":@@@@@@@@@@,"method":"tools/call","params":{"name":"bench","arguments":{"word":"w%%%%%%%%%%","text":"@filler"},"_meta":{"traceparent":"00-################################-00f067aa0ba902b7-01","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"load","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"""
            .Replace("@filler", new string('a', 200), StringComparison.Ordinal);
        var head = string.Create(CultureInfo.InvariantCulture,
            $"POST {endpoint.AbsolutePath} HTTP/1.1\r\nHost: {endpoint.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: bench\r\nContent-Length: {body.Length}\r\n\r\n");
        _request = Encoding.ASCII.GetBytes(head + body);
        (_idAt, _traceAt, _wordAt) = (IndexOf(Id), IndexOf(Trace), IndexOf(Word));
    }

    public int Length => _request.Length;

    /// <summary>The word that finds call <paramref name="id"/>.</summary>
    public static string WordOf(long id) => string.Create(CultureInfo.InvariantCulture, $"w{id}");

    /// <summary>Writes the request with <paramref name="id"/>, which has ten digits.</summary>
    public void Write(Span<byte> buffer, long id)
    {
        _request.CopyTo(buffer);
        id.TryFormat(buffer.Slice(_idAt, IdDigits), out _, default, CultureInfo.InvariantCulture);
        id.TryFormat(buffer.Slice(_wordAt, IdDigits), out _, default, CultureInfo.InvariantCulture);
        (id / CallsOfSession).TryFormat(buffer.Slice(_traceAt, Trace.Length), out _, "x32", CultureInfo.InvariantCulture);
    }

    private int IndexOf(string mark) => _request.AsSpan().IndexOf(Encoding.ASCII.GetBytes(mark));
}
