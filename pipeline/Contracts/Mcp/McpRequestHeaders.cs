using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace McpLedger.Contracts.Mcp;

/// <summary>The headers of a request that mirror its body (SEP-2243); null when absent.</summary>
/// <param name="ProtocolVersion"><c>MCP-Protocol-Version</c>.</param>
/// <param name="Method"><c>Mcp-Method</c>.</param>
/// <param name="Name"><c>Mcp-Name</c>, still encoded.</param>
public readonly record struct McpRequestHeaders(string? ProtocolVersion, string? Method, string? Name)
{
    /// <summary>The header among them that came more than once; null when none did. Which one counts would be a guess, so none does.</summary>
    public string? Repeated { get; init; }
}

/// <summary>The encoding of header values that plain visible ASCII cannot carry (SEP-2243): <c>=?base64?…?=</c> around UTF-8.</summary>
public static class McpHeaderValue
{
    private const string Opening = "=?base64?";
    private const string Closing = "?=";

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("\t !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>What a header's value stands for; itself when it is not encoded.</summary>
    /// <returns>False when it holds anything but visible ASCII, spaces and tabs, or is marked as encoded and is no base64 of UTF-8.</returns>
    public static bool TryDecode(string value, out string decoded)
    {
        decoded = value;
        if (value.AsSpan().ContainsAnyExcept(Plain))
        {
            return false;
        }

        if (value.Length < Opening.Length + Closing.Length || !value.StartsWith(Opening, StringComparison.Ordinal) || !value.EndsWith(Closing, StringComparison.Ordinal))
        {
            return true;
        }

        var encoded = value.AsSpan(Opening.Length, value.Length - Opening.Length - Closing.Length);
        var bytes = new byte[(encoded.Length / 4 * 3) + 3];
        if (encoded.ContainsAny(' ', '\t') || !Convert.TryFromBase64Chars(encoded, bytes, out var written) || !Utf8.IsValid(bytes.AsSpan(0, written)))
        {
            return false;
        }

        decoded = Encoding.UTF8.GetString(bytes, 0, written);
        return true;
    }

    /// <summary>The header value that stands for <paramref name="text"/>: encoded only where it must be.</summary>
    public static string Encode(string text)
    {
        var isPlain = text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && text[0] != ' ' && text[^1] != ' '
            && !text.StartsWith(Opening, StringComparison.Ordinal);
        return isPlain ? text : Opening + Convert.ToBase64String(Encoding.UTF8.GetBytes(text)) + Closing;
    }
}
