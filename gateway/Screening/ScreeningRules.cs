namespace McpLedger.Gateway.Screening;

/// <summary>What holds for one tool of one server, all levels laid over each other. Never changes.</summary>
internal sealed class ScreeningRules
{
    private const int Kinds = (int)ScreeningKind.Marks + 1;
    private const int Places = (int)ScreeningPlace.Ledger + 1;
    private readonly ScreeningAction[] _actions = new ScreeningAction[Places * Kinds];
    private readonly bool[] _looks = new bool[Places];
    private readonly TimeSpan? _budget;

    /// <summary>Lays levels over each other, the most general first.</summary>
    public ScreeningRules(ServerTrust trust, params ReadOnlySpan<ScreeningChoices> levels)
    {
        OnTimeout = ScreeningLapse.Release;
        OnCut = trust == ServerTrust.Untrusted ? ScreeningLapse.Refuse : ScreeningLapse.Release;
        for (var i = 0; i < _actions.Length; i++)
        {
            _actions[i] = ScreeningPresets.Of(trust, (ScreeningPlace)(i / Kinds), (ScreeningKind)(i % Kinds));
        }

        foreach (var level in levels)
        {
            foreach (var ((place, kind), action) in level.Actions)
            {
                _actions[((int)place * Kinds) + (int)kind] = action;
            }

            if (level.TakesCode is true)
            {
                _actions[((int)ScreeningPlace.Arguments * Kinds) + (int)ScreeningKind.Code] = ScreeningAction.Off;
            }

            _budget = level.Budget ?? _budget;
            OnTimeout = level.OnTimeout ?? OnTimeout;
            OnCut = level.OnCut ?? OnCut;
            OnFailure = level.OnFailure ?? OnFailure;
        }

        LookWhereItActs();
    }

    private ScreeningRules(IReadOnlyList<ScreeningRules> all)
    {
        for (var i = 0; i < _actions.Length; i++)
        {
            _actions[i] = all.Min(rules => rules._actions[i]);
        }

        OnTimeout = all.Min(rules => rules.OnTimeout);
        OnCut = all.Min(rules => rules.OnCut);
        OnFailure = all.Min(rules => rules.OnFailure);
        _budget = all.Max(rules => rules._budget) is { } longest && (longest >= ScreeningPresets.Budget || all.All(rules => rules._budget is not null)) ? longest : null;
        LookWhereItActs();
    }

    /// <summary>What holds where any of <paramref name="all"/> may: of each two, what lets less through.</summary>
    public static ScreeningRules Strictest(IReadOnlyList<ScreeningRules> all) => new(all);

    public ScreeningLapse OnTimeout { get; }

    public ScreeningLapse OnCut { get; }

    public ScreeningLapse OnFailure { get; }

    public ScreeningAction Of(ScreeningPlace place, ScreeningKind kind) => _actions[((int)place * Kinds) + (int)kind];

    /// <summary>
    /// How long a text waits for the model's second stage. Where none is written, a result waits only if something would follow from what is found: what is only told can be told by whoever follows the log.
    /// </summary>
    public TimeSpan BudgetFor(ScreeningPlace place) =>
        _budget ?? (place == ScreeningPlace.Results && Of(place, ScreeningKind.Injection) != ScreeningAction.Refuse && OnTimeout != ScreeningLapse.Refuse ? TimeSpan.Zero : ScreeningPresets.Budget);

    /// <summary>Whether anything is looked for there, for what passes or for what is recorded.</summary>
    public bool Looks(ScreeningPlace place) => _looks[(int)place];

    private void LookWhereItActs()
    {
        for (var i = 0; i < Places; i++)
        {
            _looks[i] = _actions.AsSpan(i * Kinds, Kinds).ContainsAnyExcept(ScreeningAction.Off) || _actions.AsSpan(^Kinds..).ContainsAnyExcept(ScreeningAction.Off);
        }
    }
}
