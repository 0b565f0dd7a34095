using System.Globalization;
using System.Text;

namespace McpLedger.Benchmarks.Load;

/// <summary>One <c>tools/call</c> of 2026-07-28 as bytes of HTTP/1.1, with room for an id of ten digits, so that sending one costs no serialisation.</summary>
internal sealed class CallTemplate
{
    public const int IdDigits = 10;
    public const int ArgumentBytes = 250;

    private readonly byte[] _request;
    private readonly int _idAt;
    private readonly int _textAt;

    /// <param name="endpoint">Where it goes.</param>
    /// <param name="tool">The tool that it calls.</param>
    /// <param name="differs">Whether its arguments hold the id too, so that no two calls are the same text.</param>
    public CallTemplate(Uri endpoint, string tool, bool differs)
    {
        var length = ArgumentBytes - """{"text":""}""".Length;
        var text = differs ? string.Concat(Enumerable.Repeat("Ask for the open orders of customer @@@@@@@@@@ and of the region. ", 5))[..length] : new string('a', length);
        var body = """{"jsonrpc":"2.0","id":@@@@@@@@@@,"method":"tools/call","params":{"name":"@tool","arguments":{"text":"@text"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"load","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"""
            .Replace("@text", text, StringComparison.Ordinal)
            .Replace("@tool", tool, StringComparison.Ordinal);
        var head = string.Create(CultureInfo.InvariantCulture,
            $"POST {endpoint.AbsolutePath} HTTP/1.1\r\nHost: {endpoint.Authority}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\nContent-Length: {body.Length}\r\n\r\n");
        _request = Encoding.ASCII.GetBytes(head + body);
        _idAt = _request.AsSpan().IndexOf("@@@@@@@@@@"u8);
        _textAt = _request.AsSpan().LastIndexOf("@@@@@@@@@@"u8);
    }

    public int Length => _request.Length;

    /// <summary>Writes the request with <paramref name="id"/> (1 000 000 000 or more, so that it has ten digits).</summary>
    public void Write(Span<byte> buffer, long id)
    {
        _request.CopyTo(buffer);
        id.TryFormat(buffer.Slice(_idAt, IdDigits), out _, default, CultureInfo.InvariantCulture);
        id.TryFormat(buffer.Slice(_textAt, IdDigits), out _, default, CultureInfo.InvariantCulture);
    }
}
