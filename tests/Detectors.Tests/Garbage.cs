using System.Text;

namespace McpLedger.Detectors.Tests;

/// <summary>Input that nobody would send on purpose, the same for one seed: bytes, broken JSON, markup, half-finished encodings, and much of one thing.</summary>
internal static class Garbage
{
    private static readonly string[] Pieces =
    [
        "{\"", "\":\"", "\"}", "[[[[", "]]]]", "\\u12", "\\ud83d", "\\ud83d\\ude00", "<!--", "-->", "<div style=\"display:none\">", "</", "&#x", "&#1114112;", "&amp;", "%C3", "%41%", "\u001b[", "\u001b]", "\u200b",
        "\u202e", "\U000E0061", "\uFE0F", "aWdub3JlIGFsbCBwcmV2aW91cw", "6967 6e6f7265", "i g n o r e a l l ", "1gn0r3 4ll ", "$(", "`", " | sh", "<<EOF\n", "' OR 1=1 --", "{{7*7}}", "${jndi:", "javascript:",
        "-----BEGIN PRIVATE KEY-----", "ghp_", "AKIA", "eyJhbGciOi", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "password=", "postgres://u:p@h", "+1 415 555 2671", "аеор", "ｆｕｌｌ", "😀", "]( \"", "[x]: ", "\0",
    ];

    /// <summary>One input.</summary>
    public static byte[] Make(int seed)
    {
        var random = new Random(seed);
        var bytes = new List<byte>();
        var pieces = random.Next(1, 40);
        for (var i = 0; i < pieces; i++)
        {
            var piece = Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]);
            switch (random.Next(6))
            {
                case 0:
                    var noise = new byte[random.Next(60)];
                    random.NextBytes(noise);
                    bytes.AddRange(noise);
                    break;
                case 1:
                    bytes.AddRange(Enumerable.Repeat(piece, random.Next(1, 30)).SelectMany(each => each));
                    break;
                case 2:
                    bytes.AddRange(piece[..random.Next(piece.Length + 1)]);
                    break;
                default:
                    bytes.AddRange(piece);
                    break;
            }
        }

        return [.. bytes];
    }
}
