namespace McpLedger.Detectors.Behaviour;

/// <summary>What an agent usually does: which steps follow one another, which tools, servers and sinks it has used, how fast and how much. Bounded, and the past fades.</summary>
internal sealed class AgentHabits
{
    /// <summary>Calls after which habits say something.</summary>
    public const int Grown = 50;

    private const int MaxSteps = 4_096;
    private const int MaxKnown = 2_048;
    private const double Smoothing = 0.1;
    private const double Fade = 0.01;
    private readonly Dictionary<(ulong From, ulong To), int> _steps = [];
    private readonly Dictionary<ulong, int> _from = [];
    private readonly HashSet<ulong> _tools = [];
    private readonly HashSet<ulong> _servers = [];
    private readonly HashSet<ulong> _sinks = [];
    private Average _gap = new(Fade);
    private Average _tokens = new(Fade);
    private Average _outbound = new(Fade);

    public long Calls { get; private set; }

    /// <summary>Whether there was enough to get used to.</summary>
    public bool IsGrown => Calls >= Grown;

    public ref Average Gap => ref _gap;

    public ref Average Tokens => ref _tokens;

    public ref Average Outbound => ref _outbound;

    /// <summary>How surprising it is that one tool follows another, in nats.</summary>
    public double Surprise(ulong from, ulong to) =>
        -Math.Log((_steps.GetValueOrDefault((from, to)) + Smoothing) / (_from.GetValueOrDefault(from) + (Smoothing * (_tools.Count + 1))));

    /// <summary>Gets used to a step.</summary>
    public Novelty Learn(ulong from, ulong tool, ulong server, bool isSink)
    {
        Calls++;
        if (_steps.Count >= MaxSteps)
        {
            Forget();
        }

        _steps[(from, tool)] = _steps.GetValueOrDefault((from, tool)) + 1;
        _from[from] = _from.GetValueOrDefault(from) + 1;
        return new(Add(_tools, tool), Add(_servers, server), isSink && Add(_sinks, tool));
    }

    // When everything is full, what is not known is not called new.
    private static bool Add(HashSet<ulong> known, ulong one) => known.Count < MaxKnown && known.Add(one);

    // Halving keeps what happens often and lets go of what happened once.
    private void Forget()
    {
        _from.Clear();
        foreach (var (step, count) in _steps.ToArray())
        {
            if (count <= 1)
            {
                _steps.Remove(step);
            }
            else
            {
                _steps[step] = count / 2;
                _from[step.From] = _from.GetValueOrDefault(step.From) + (count / 2);
            }
        }
    }

    internal AgentHabits Copy()
    {
        var copy = new AgentHabits { Calls = Calls, _gap = _gap, _tokens = _tokens, _outbound = _outbound };
        foreach (var (step, count) in _steps)
        {
            copy._steps[step] = count;
        }

        foreach (var (from, count) in _from)
        {
            copy._from[from] = count;
        }

        copy._tools.UnionWith(_tools);
        copy._servers.UnionWith(_servers);
        copy._sinks.UnionWith(_sinks);
        return copy;
    }
}

/// <summary>What an agent did for the first time.</summary>
internal readonly record struct Novelty(bool Tool, bool Server, bool Sink);
