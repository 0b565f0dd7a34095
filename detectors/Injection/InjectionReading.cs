namespace McpLedger.Detectors.Injection;

/// <summary>A window that the second stage may look at.</summary>
/// <param name="View">Which decoded view it stands in; -1 for the message itself.</param>
/// <param name="Start">First character, of the normal form.</param>
/// <param name="End">Its end, exclusive.</param>
/// <param name="Logit">What stage one makes of it.</param>
internal readonly record struct CandidateWindow(int View, int Start, int End, float Logit);

/// <summary>
/// What one thread needs to score a text: buffers that are made once and used again, so that stage one allocates nothing. One reading serves one text at a time.
/// </summary>
public sealed class InjectionReading
{
    internal const int MaxCandidates = 4;

    private readonly CandidateWindow[] _candidates = new CandidateWindow[MaxCandidates];
    private int _count;

    internal WindowScan Scan { get; } = new();

    /// <summary>The windows that stage one likes best, none overlapping another, best first.</summary>
    internal ReadOnlySpan<CandidateWindow> Candidates => _candidates.AsSpan(0, _count);

    /// <summary>The best window, of any size.</summary>
    internal CandidateWindow Best { get; private set; }

    /// <summary>The highest logit of odd tokens; minus infinity where nobody asked.</summary>
    internal float Odd { get; private set; }

    internal void Clear()
    {
        Odd = float.NegativeInfinity;
        _count = 0;
        Best = new(-1, 0, 0, float.NegativeInfinity);
    }

    /// <summary>Scores one text with a scorer, slice by slice, and its odd tokens where there are weights for them.</summary>
    internal void Score(ReadOnlySpan<char> text, int view, WideDeepWeights weights, Vocabulary vocabulary, OddTokens? odd = null)
    {
        for (var at = 0; at < text.Length;)
        {
            at = Scan.Read(text, at, vocabulary);
            if (Scan.Blocks > 0)
            {
                Scan.Score(weights);
                Collect(view);
                ScoreOdd(text, odd);
            }
        }
    }

    private void ScoreOdd(ReadOnlySpan<char> text, OddTokens? odd)
    {
        if (odd is not null)
        {
            Scan.ReadShapes(text, odd.Shapes);
            Odd = Math.Max(Odd, Scan.Odd(odd.Weights));
        }
    }

    private void Collect(int view)
    {
        var windows = Scan.Windows;
        foreach (var window in windows)
        {
            if (window.Logit > Best.Logit)
            {
                Best = At(window, view);
            }

            // The encoder sees about forty words: of a text that has small windows, the small ones.
            if ((windows.Length == 1 || window.End - window.First <= WindowScan.SmallBlocks * WindowScan.BlockTokens) && (_count < MaxCandidates || window.Logit > _candidates[_count - 1].Logit))
            {
                Keep(At(window, view));
            }
        }
    }

    private CandidateWindow At(ScoredWindow window, int view) => new(view, Scan.Tokens.Starts[window.First], Scan.Tokens.Stops[window.End - 1], window.Logit);

    // Overlapping windows are one place: the better one stands for it.
    private void Keep(CandidateWindow window)
    {
        for (var i = _count - 1; i >= 0; i--)
        {
            var other = _candidates[i];
            if (other.View == window.View && other.Start < window.End && window.Start < other.End)
            {
                if (other.Logit >= window.Logit)
                {
                    return;
                }

                Array.Copy(_candidates, i + 1, _candidates, i, _count - i - 1);
                _count--;
            }
        }

        var at = _count;
        while (at > 0 && _candidates[at - 1].Logit < window.Logit)
        {
            at--;
        }

        if (at == MaxCandidates)
        {
            return;
        }

        var kept = Math.Min(_count, MaxCandidates - 1);
        Array.Copy(_candidates, at, _candidates, at + 1, kept - at);
        _candidates[at] = window;
        _count = kept + 1;
    }
}
