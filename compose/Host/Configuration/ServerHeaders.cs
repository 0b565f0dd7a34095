using System.Buffers;

namespace McpLedger.Host.Configuration;

/// <summary>Which headers toward a server an operator may set, and what may stand in them.</summary>
internal static class ServerHeaders
{
    private static readonly SearchValues<char> Sendable = SearchValues.Create("\t !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");
    private static readonly string[] OfConnections = ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"];

    /// <summary>Whether a header says something of one message's body or of its connection (RFC 9110 §7.6.1, §8), such as Content-Type.</summary>
    public static bool BelongsToMessage(string name) =>
        name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) || OfConnections.Contains(name, StringComparer.OrdinalIgnoreCase) || IsOfContent(name);

    /// <summary>Whether HTTP carries the value: visible ASCII, spaces and tabs.</summary>
    public static bool CanBeSent(string value) => !value.AsSpan().ContainsAnyExcept(Sendable);

    // The HTTP client keeps some headers for bodies alone (Allow, Expires, Last-Modified), and it is the one that must take them.
    private static bool IsOfContent(string name)
    {
        using var request = new HttpRequestMessage();
        return !request.Headers.TryAddWithoutValidation(name, "x");
    }
}
