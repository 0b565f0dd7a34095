using System.Collections.Immutable;
using McpLedger.Contracts.Events;
using McpLedger.Detectors.Behaviour;
using McpLedger.Stages.Detection;

namespace McpLedger.Host.Configuration;

/// <summary>The section as the stage takes it, and what its values cannot say by themselves.</summary>
internal static class DetectionMapping
{
    private static readonly string[] Detectors =
    [
        FindingDetectors.Injection, FindingDetectors.Loop, FindingDetectors.Burst, FindingDetectors.Cost, FindingDetectors.Sequence, FindingDetectors.FirstUse, FindingDetectors.Trifecta,
        FindingDetectors.Exfiltration, FindingDetectors.Provenance, FindingDetectors.Hijack,
    ];

    internal static readonly string[] Labels = [SessionLabels.Flagged, SessionLabels.UntrustedContent, SessionLabels.PrivateData, SessionLabels.CanSendOut];

    private static readonly Dictionary<string, ToolTraits> Traits = new(StringComparer.Ordinal)
    {
        ["untrusted"] = ToolTraits.UntrustedSource, ["private"] = ToolTraits.PrivateSource, ["sink"] = ToolTraits.Sink | ToolTraits.Effect, ["effect"] = ToolTraits.Effect, ["none"] = ToolTraits.None,
    };

    public static void Check(DetectionSection section, ConfigChecks checks)
    {
        foreach (var (name, detector) in section.Detectors)
        {
            var at = $"detection.detectors.{name}";
            if (!Detectors.Contains(name, StringComparer.Ordinal))
            {
                checks.Fault(at, $"there is no detector '{name}'.", $"write one of {string.Join(", ", Detectors)}");
            }

            if (detector.For < TimeSpan.FromSeconds(10) || detector.For > TimeSpan.FromDays(365))
            {
                checks.Fault($"{at}.for", $"{Scalars.Write(detector.For)} is out of range.", "write a duration from 10s to 365d");
            }
        }

        foreach (var label in section.Labels.Where(label => !Labels.Contains(label, StringComparer.Ordinal)))
        {
            checks.Fault("detection.labels", $"there is no label '{label}'.", $"write some of {string.Join(", ", Labels)}");
        }

        foreach (var (pattern, traits) in section.Tools)
        {
            if (!pattern.Contains('/', StringComparison.Ordinal) || (pattern.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && star < pattern.Length - 1))
            {
                checks.Fault($"detection.tools.{pattern}", $"'{pattern}' does not name tools.", "write server/tool; it may end in *");
            }

            foreach (var trait in traits.Where(trait => !Traits.ContainsKey(trait)))
            {
                checks.Fault($"detection.tools.{pattern}", $"there is no trait '{trait}'.", $"write some of {string.Join(", ", Traits.Keys)}");
            }
        }
    }

    public static DetectionOptions ToOptions(LoadedConfig config, string source)
    {
        var section = config.File.Detection;
        return new()
        {
            Folder = config.DataFolder,
            Source = source,
            FindingsPerHour = section.PerHour,
            InjectionModel = section.InjectionModel is { } injection ? Path.GetFullPath(injection, config.Folder) : null,
            BehaviourModel = section.BehaviourModel is { } behaviour ? Path.GetFullPath(behaviour, config.Folder) : null,
            Limits = new() { MaxSessions = section.Sessions, MaxAgents = section.Agents, SessionTokens = section.SessionTokens },
            Policy = PolicyOf(section),
        };
    }

    public static DetectionPolicy PolicyOf(DetectionSection section) => new()
    {
        Detectors = section.Detectors.ToImmutableDictionary(each => each.Key, each => PolicyOf(each.Value), StringComparer.Ordinal),
        Labels = section.Labels,

        // The most exact pattern is asked first.
        Tools = [.. section.Tools.OrderBy(tool => tool.Key.EndsWith('*')).ThenByDescending(tool => tool.Key.Length).ThenBy(tool => tool.Key, StringComparer.Ordinal)
            .Select(tool => (tool.Key, tool.Value.Aggregate(ToolTraits.None, (all, trait) => all | Traits.GetValueOrDefault(trait))))],
    };

    private static DetectorPolicy PolicyOf(DetectorSection section) => new()
    {
        IsOn = section.Enabled,
        Least = SeverityOf(section.Least),
        ActFrom = SeverityOf(section.From),
        Action = section.Action switch { "throttle" => DetectionAction.Throttle, "stop" => DetectionAction.Stop, _ => DetectionAction.None },
        HoldsPrincipal = section.Holds == "principal",
        For = section.For,
        PerMinute = section.PerMinute,
    };

    private static Severity SeverityOf(string name) => name switch { "low" => Severity.Low, "medium" => Severity.Medium, "high" => Severity.High, _ => Severity.Critical };
}
