using System.Collections.Immutable;
using McpLedger.Contracts.Access;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Control;

/// <summary>
/// What the control log says that calls depend on: API keys, tool pins, stops and throttles, labels of sessions. A fold of the log and of nothing else, so every replica comes to the same.
/// Readers take a reference and keep it.
/// </summary>
internal sealed class ControlState(TimeSpan staleAfter, TimeProvider time)
{
    private volatile ApiKeyRing _keys = ApiKeyRing.Empty;
    private volatile ImmutableDictionary<ToolKey, PinnedTool> _tools = ImmutableDictionary<ToolKey, PinnedTool>.Empty;
    private readonly SessionLabelBook _labels = new();
    private volatile RestraintBook _restraints = RestraintBook.Empty;
    private volatile Sight? _end;

    /// <summary>The API keys in force.</summary>
    public ApiKeyRing Keys => _keys;

    /// <summary>The stops and throttles.</summary>
    public RestraintBook Restraints => _restraints;

    /// <summary>Whether the log has been folded to its end, and not too long ago. Otherwise a revoked key could still look good.</summary>
    public bool IsCurrent => Unread <= staleAfter;

    /// <summary>How long it is since the log was known to be folded to its end; null when it never was, or is damaged before that.</summary>
    public TimeSpan? Unread => _end is { } end ? time.GetElapsedTime(end.At) : null;

    /// <summary>All tools that any server ever listed.</summary>
    public ImmutableDictionary<ToolKey, PinnedTool> Tools => _tools;

    /// <summary>What is known about a tool; null when its server never listed it.</summary>
    public PinnedTool? FindTool(string server, string tool) => _tools.GetValueOrDefault(new(server, tool));

    /// <summary>What is true of a session now.</summary>
    public ImmutableHashSet<string> LabelsOf(string session, DateTimeOffset now) => _labels.Of(session, now);

    /// <summary>Moves on by one event. Called by one follower, in the order of the log.</summary>
    /// <param name="data">What happened.</param>
    /// <param name="at">When its writer said so.</param>
    public void Apply(EventData data, DateTimeOffset at)
    {
        switch (data)
        {
            case KeyCreated or KeyRevoked:
                _keys = _keys.Apply(data);
                break;
            case ToolPinned pinned:
                _tools = _tools.SetItem(new(pinned.Server, pinned.Tool), FindTool(pinned.Server, pinned.Tool)?.After(pinned) ?? PinnedTool.Of(pinned));
                break;
            case ToolChanged changed when FindTool(changed.Server, changed.Tool) is { } known:
                _tools = _tools.SetItem(new(changed.Server, changed.Tool), known.After(changed));
                break;
            case FindingRaised { Detector: FindingDetectors.Definition, Server: { } server, Tool: { } tool } found when found.Effects.Contains(FindingEffects.Withheld) && FindTool(server, tool) is { } known:
                _tools = _tools.SetItem(new(server, tool), known.After(found));
                break;
            case PrincipalStopped stopped:
                _restraints = _restraints.After(stopped, at);
                break;
            case PrincipalReleased released:
                _restraints = _restraints.After(released);
                break;
            case SessionLabelled labelled:
                _labels.Apply(labelled);
                break;
            default:
                break;
        }
    }

    /// <summary>The log is folded to the end that it had when it was asked.</summary>
    /// <param name="asked">Timestamp of when that was.</param>
    public void MarkCurrent(long asked) => _end = new(asked);

    /// <summary>What follows cannot be read: a revocation may stand there.</summary>
    public void MarkDamaged() => _end = null;

    private sealed record Sight(long At);
}
