using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>
/// The end of what one stream has said so far, so that a value that two messages share is still found. What was released can't be taken back: a finding that began before says so.
/// </summary>
public sealed class StreamTail
{
    // Most values, and the pairs of a connection string before one, are shorter than the first; the second is a key file of 4,096 bits, or the longest token.
    private const int Ordinary = 640;
    private const int Longest = 4608;

    // Tokens that may be longer than what is carried of ordinary text, and what all of them are written in.
    private static readonly SecretToken[] Long = [.. SecretTokens.All.Where(token => token.Longest + token.Prefix.Length > Ordinary)];
    private static readonly SearchValues<char> LongSigns = SearchValues.Create(string.Concat(Long.SelectMany(token => token.Prefix + token.Alphabet).Distinct()));

    private readonly char[] _text;
    private readonly List<string> _values = [];
    private readonly DlpFindings _found;
    private int _tail;
    private bool _isOpen;

    /// <summary>Makes one for a stream that has said nothing.</summary>
    /// <param name="mostChars">Longest message that is searched together with the tail, in characters.</param>
    /// <param name="mostFindings">Most findings of one message.</param>
    public StreamTail(int mostChars, int mostFindings)
    {
        _text = new char[mostChars + Longest];
        _found = new(mostFindings);
    }

    /// <summary>What the values that were found last are, as <see cref="Next"/> lists them.</summary>
    public IReadOnlyList<string> Values => _values;

    /// <summary>What is carried.</summary>
    public string Tail => new(_text.AsSpan(0, _tail));

    /// <summary>Searches the border between what was said and the next text, and carries on.</summary>
    /// <param name="text">The next message's own text, without the line end that closes its leaf.</param>
    /// <param name="found">Takes what spans the border, with negative <see cref="DlpFinding.Start"/>: so many characters have been released. What lies within the text is the ordinary search's.</param>
    public void Next(ReadOnlySpan<char> text, DlpFindings found)
    {
        found.Clear();
        _values.Clear();
        var border = _tail;
        var head = Math.Min(text.Length, _text.Length - border);
        text[..head].CopyTo(_text.AsSpan(border));
        if (border > 0)
        {
            // A value that began before ends within its own longest length.
            var reach = Math.Min(border + head, border + (_isOpen ? Longest : Ordinary));
            DlpScan.Run(_text.AsSpan(0, reach), _found);
            foreach (var finding in _found.All)
            {
                if (finding.Start < border && finding.End > border)
                {
                    found.Add(finding.Rule, finding.Start - border, finding.Length, finding.Score);
                    if (found.All.Length > _values.Count)
                    {
                        _values.Add(new(_text.AsSpan(finding.Start, finding.Length)));
                    }
                }
            }
        }

        Carry(text, border);
    }

    private void Carry(ReadOnlySpan<char> text, int border)
    {
        if (text.Length >= Longest)
        {
            text = text[^Longest..];
            border = 0;
        }

        var kept = Math.Min(border, Longest - text.Length);
        _text.AsSpan(border - kept, kept).CopyTo(_text);
        text.CopyTo(_text.AsSpan(kept));
        var all = _text.AsSpan(0, kept + text.Length);

        // An open key file and a long token are carried whole, everything else as far as a rule reaches.
        var key = all.LastIndexOf("-----BEGIN ");
        var open = key >= 0 && all[key..].IndexOf("-----END") < 0 ? all.Length - key : OpenToken(all);
        _isOpen = open > 0;
        _tail = Math.Min(all.Length, Math.Max(open, Ordinary));
        all[^_tail..].CopyTo(_text);
    }

    /// <summary>How many characters a long token has that has begun and not ended; 0 where there is none.</summary>
    private static int OpenToken(ReadOnlySpan<char> text)
    {
        var run = text[(text.LastIndexOfAnyExcept(LongSigns) + 1)..];
        var open = 0;
        foreach (var token in Long)
        {
            if (run.IndexOf(token.Prefix) is >= 0 and var start && run.Length - start <= token.Longest + token.Prefix.Length)
            {
                open = Math.Max(open, run.Length - start);
            }
        }

        return open;
    }
}
