using System.Collections.Immutable;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Decisions;

namespace McpLedger.Gateway.Policy;

/// <summary>One rule, compiled. Every list is "any of"; an empty list matches anything.</summary>
internal sealed class Rule(RuleConfig config)
{
    private readonly NamePattern[] _principals = Compile(config.Principals);
    private readonly NamePattern[] _teams = Compile(config.Teams);
    private readonly NamePattern[] _servers = Compile(config.Servers);
    private readonly NamePattern[] _tools = Compile(config.Tools);
    private readonly string[] _labels = [.. config.Labels];

    /// <summary>The id that events cite, as the list they cite it in.</summary>
    public IReadOnlyList<string> Cited { get; } = [config.Id];

    public RuleEffect Effect { get; } = config.Effect;

    public string? Reason { get; } = config.Reason;

    /// <summary>Whether the rule names tools, and so speaks of tools/call only.</summary>
    public bool NamesTools => _tools.Length > 0;

    public bool MatchesCaller(in CallFacts facts) =>
        Any(_principals, facts.Principal) && AnyOf(_teams, facts.Teams) && Any(_servers, facts.Server) && MatchesSession(facts);

    public bool MatchesTool(string tool) => Any(_tools, tool);

    private bool MatchesSession(in CallFacts facts)
    {
        foreach (var label in _labels)
        {
            if (facts.Labels.Contains(label))
            {
                return true;
            }
        }

        return _labels.Length == 0;
    }

    private static NamePattern[] Compile(ImmutableArray<string> names) => [.. names.Select(NamePattern.Of)];

    private static bool Any(NamePattern[] patterns, string name)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.Matches(name))
            {
                return true;
            }
        }

        return patterns.Length == 0;
    }

    private static bool AnyOf(NamePattern[] patterns, IReadOnlyList<string> names)
    {
        for (var i = 0; i < names.Count && patterns.Length > 0; i++)
        {
            if (Any(patterns, names[i]))
            {
                return true;
            }
        }

        return patterns.Length == 0;
    }
}
