namespace McpLedger.Detectors.Behaviour;

/// <summary>Where arguments come from: out of the agent's own earlier words, out of results, or out of text that looks like an attack.</summary>
internal sealed class FlowWatch
{
    /// <summary>Tail from which a stretch of text is suspicious enough to follow its words: one benign text in ten is.</summary>
    public const double Suspicious = 1;

    private const int MaxOwn = 4_096;
    private const int MaxSuspicious = 512;
    private readonly RecentWords _own = new(MaxOwn);
    private readonly WordSet _read = new(16_384);

    // None of them was the agent's own when it was read, and none becomes so by being said again.
    private SuspiciousWords? _suspicious;

    /// <summary>Share of the words of the last call's most suspicious argument that stand in suspicious text and were not the agent's before.</summary>
    public double Share { get; private set; }

    /// <summary>The same times the tail of that text.</summary>
    public double Weight { get; private set; }

    /// <summary>Share of the last call's words that come from results and were not the agent's before.</summary>
    public double Taint { get; private set; }

    public void OnCall(ReadOnlySpan<byte> arguments)
    {
        (Share, Weight, Taint) = (0, 0, 0);
        var scan = new Scan(this);
        if (!Words.Leaves(arguments, scan, static (scan, leaf) => scan.Read(leaf)))
        {
            scan.Read(arguments);
        }

        Taint = scan.All == 0 ? 0 : (double)scan.Tainted / scan.All;
        Words.Of(arguments, this, static (flow, word) => flow.Said(word));
    }

    public void OnResult(scoped in ObservedResult result)
    {
        Words.Of(result.Content, _read, static (read, word) => read.Add(word));
        if (result.Tail >= Suspicious && !result.Suspicious.IsEmpty)
        {
            _suspicious ??= new(MaxSuspicious);
            Words.Of(result.Suspicious, (Flow: this, result.Tail), static (state, word) => state.Flow.Suspect(word, state.Tail));
        }
    }

    private void Said(ulong word)
    {
        if (_suspicious?.TryGetTail(word, out _) is not true)
        {
            _own.Add(word);
        }
    }

    private void Suspect(ulong word, double tail)
    {
        if (!_own.Contains(word))
        {
            _suspicious!.Add(word, tail);
        }
    }

    private sealed class Scan(FlowWatch flow)
    {
        private int _words;
        private int _matched;
        private double _tail;

        public int All { get; private set; }

        public int Tainted { get; private set; }

        public void Read(ReadOnlySpan<byte> leaf)
        {
            (_words, _matched, _tail) = (0, 0, 0);
            Words.Of(leaf, this, static (scan, word) => scan.Look(word));
            var share = _words == 0 ? 0 : (double)_matched / _words;
            flow.Share = Math.Max(flow.Share, share);
            flow.Weight = Math.Max(flow.Weight, share * _tail);
        }

        private void Look(ulong word)
        {
            _words++;
            All++;
            var tail = 0d;
            if (flow._suspicious?.TryGetTail(word, out tail) is true)
            {
                _matched++;
                _tail = Math.Max(_tail, tail);
            }
            else if (flow._own.Contains(word))
            {
                return;
            }

            Tainted += flow._read.Contains(word) ? 1 : 0;
        }
    }
}
