namespace McpLedger.Detectors.Dlp;

/// <summary>
/// The end of what one stream has said so far, so that a value that two messages share is still found. What was released can't be taken back: a finding that began before says so.
/// </summary>
public sealed class StreamTail
{
    // Every rule but the key file is shorter than the first; the second is a key of 4,096 bits.
    private const int Ordinary = 320;
    private const int InsideKey = 4096;

    private readonly char[] _text;
    private readonly DlpFindings _found;
    private int _tail;

    /// <summary>Makes one for a stream that has said nothing.</summary>
    /// <param name="mostChars">Longest message that is searched together with the tail, in characters.</param>
    /// <param name="mostFindings">Most findings of one message.</param>
    public StreamTail(int mostChars, int mostFindings)
    {
        _text = new char[mostChars + InsideKey];
        _found = new(mostFindings);
    }

    /// <summary>How many characters are carried.</summary>
    public int Carried => _tail;

    /// <summary>Searches the border between what was said and the next text, and carries on.</summary>
    /// <param name="text">The next message's own text, without the line end that closes its leaf.</param>
    /// <param name="found">Takes what spans the border, with negative <see cref="DlpFinding.Start"/>: so many characters have been released. What lies within the text is the ordinary search's.</param>
    public void Next(ReadOnlySpan<char> text, DlpFindings found)
    {
        found.Clear();
        var border = _tail;
        var head = Math.Min(text.Length, _text.Length - border);
        text[..head].CopyTo(_text.AsSpan(border));
        if (border > 0)
        {
            // A value that began before ends within its own longest length.
            var reach = Math.Min(border + head, border + (border > Ordinary ? InsideKey : Ordinary));
            DlpScan.Run(_text.AsSpan(0, reach), _found);
            foreach (var finding in _found.All)
            {
                if (finding.Start < border && finding.End > border)
                {
                    found.Add(finding.Rule, finding.Start - border, finding.Length, finding.Score);
                }
            }
        }

        Carry(text, border);
    }

    private void Carry(ReadOnlySpan<char> text, int border)
    {
        if (text.Length >= InsideKey)
        {
            text = text[^InsideKey..];
            border = 0;
        }

        var kept = Math.Min(border, InsideKey - text.Length);
        _text.AsSpan(border - kept, kept).CopyTo(_text);
        text.CopyTo(_text.AsSpan(kept));
        var all = _text.AsSpan(0, kept + text.Length);

        // An open key file is carried whole, everything else as far as a rule reaches.
        var open = all.LastIndexOf("-----BEGIN ");
        var most = open >= 0 && all[open..].IndexOf("-----END") < 0 ? all.Length - open : Ordinary;
        _tail = Math.Min(all.Length, Math.Max(most, Math.Min(all.Length, Ordinary)));
        all[^_tail..].CopyTo(_text);
    }
}
