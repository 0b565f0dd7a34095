using System.Text;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>Ids of findings out of what they say: the same evidence under the same model is the same finding, whoever finds it and however often.</summary>
public static class FindingId
{
    /// <summary>The id of a finding in a call; it sorts by the call's moment.</summary>
    /// <param name="call">The call.</param>
    /// <param name="detector">The detector.</param>
    /// <param name="rule">Its rule; null for none.</param>
    /// <param name="text">Digest of the text that was judged; null where none was.</param>
    /// <param name="severity">How much it matters: what grows worse is another finding.</param>
    /// <param name="model">Digest of the model; null where none judged.</param>
    public static EventId Of(EventId call, string detector, string? rule, Digest? text, Severity severity, Digest? model) =>
        EventId.Derive(call.Moment, Digest.Of(Encoding.UTF8.GetBytes($"{detector}\n{rule}\n{call}\n{text}\n{severity}\n{model}")));
}
