using System.Text;
using ModelContextProtocol.Protocol;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>The small media that fixtures answer with, as base64 text in UTF-8 (what the blocks' data are).</summary>
internal static class Samples
{
    /// <summary>A PNG of one pixel.</summary>
    public static readonly byte[] Png = Encoding.ASCII.GetBytes(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==");

    /// <summary>A WAV of no samples: the 44 bytes of RIFF, fmt and data headers.</summary>
    public static readonly byte[] Wav = Encoding.ASCII.GetBytes(Convert.ToBase64String(
    [
        .. "RIFF"u8, 36, 0, 0, 0, .. "WAVEfmt "u8, 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0, .. "data"u8, 0, 0, 0, 0,
    ]));

    public static TextContentBlock Text(string text) => new() { Text = text };

    public static ImageContentBlock Image() => new() { Data = Png, MimeType = "image/png" };

    public static EmbeddedResourceBlock Embedded(string uri, string mimeType, string text) =>
        new() { Resource = new TextResourceContents { Uri = uri, MimeType = mimeType, Text = text } };
}
