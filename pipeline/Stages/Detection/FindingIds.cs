using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Detection;

/// <summary>Ids of findings out of what they say: the same evidence under the same model is the same finding, however often it is found.</summary>
internal static class FindingIds
{
    /// <summary>The id of a finding.</summary>
    /// <param name="at">When the event happened that gave rise to it.</param>
    /// <param name="detector">The detector.</param>
    /// <param name="rule">Its rule; null for none.</param>
    /// <param name="call">The call.</param>
    /// <param name="severity">How much it matters: what grows worse is another finding.</param>
    /// <param name="model">Digest of the model; null where none judged.</param>
    public static EventId Of(DateTimeOffset at, string detector, string? rule, EventId? call, Severity severity, Digest? model) =>
        EventId.Derive(at, Digest.Of(Encoding.UTF8.GetBytes($"{detector}\n{rule}\n{call}\n{severity}\n{model}")));
}
