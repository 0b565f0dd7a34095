using System.Text;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Gateway.Screening;

/// <summary>Lines that somebody else writes, one after the other, and our log shows: without the secrets in them, whatever is screened otherwise. A private key may take many of them.</summary>
internal sealed class LogLines
{
    private const int MaxSecrets = 32;

    // The longest keys in use take some two hundred lines; whoever writes of keys and ends none is not silent for ever.
    private const int MaxKeyLines = 512;
    private const string Mark = "[secret:private-key]";
    private const string Crowded = "[not shown: more values than can be looked through]";
    private readonly DlpFindings _found = new(MaxSecrets);
    private int _keyLines;

    /// <summary>The next line, with each secret replaced by its rule.</summary>
    public string Next(ReadOnlySpan<byte> line)
    {
        var isWithin = _keyLines > 0;
        var shown = Outside(line, out var opens);
        var text = Without(Encoding.UTF8.GetString(shown));
        return (isWithin, opens) switch { (true, true) => $"{Mark}{text}{Mark}", (true, false) => Mark + text, (false, true) => text + Mark, _ => text };
    }

    /// <summary>Passes over the next line: what is not shown may begin or end a key all the same.</summary>
    public void Skip(ReadOnlySpan<byte> line) => Outside(line, out _);

    // What of a line stands in no key that another line begins or goes on with.
    private ReadOnlySpan<byte> Outside(ReadOnlySpan<byte> line, out bool opens)
    {
        opens = false;
        if (_keyLines > 0)
        {
            var end = line.IndexOf("-----END "u8);
            if (end < 0)
            {
                _keyLines--;
                return default;
            }

            line = line[(end + 9)..];
            line = line[(line.IndexOf("-----"u8) is >= 0 and var close ? close + 5 : line.Length)..];
            _keyLines = 0;
        }

        var begin = line.LastIndexOf("-----BEGIN "u8);
        if (begin < 0 || line[begin..].IndexOf("-----END "u8) >= 0 || !IsKey(line[(begin + 11)..]))
        {
            return line;
        }

        (opens, _keyLines) = (true, MaxKeyLines);
        return line[..begin];
    }

    private static bool IsKey(ReadOnlySpan<byte> label) =>
        label.IndexOf("-----"u8) is >= 0 and var end && (label[..end].EndsWith("PRIVATE KEY"u8) || label[..end].EndsWith("PRIVATE KEY BLOCK"u8));

    private string Without(string line)
    {
        DlpScan.Run(line, _found);
        if (_found.IsCut)
        {
            // What was left out of the list may be a secret.
            return Crowded;
        }

        if (_found.All.IsEmpty)
        {
            return line;
        }

        var text = new StringBuilder();
        var from = 0;
        foreach (var value in _found.All)
        {
            if (value.Rule.Class == DataClass.Secret)
            {
                text.Append(line.AsSpan(from, value.Start - from)).Append('[').Append(ValueScreen.NameOf(value.Rule)).Append(']');
                from = value.End;
            }
        }

        return text.Append(line.AsSpan(from)).ToString();
    }
}
