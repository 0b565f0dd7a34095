using System.Text.Json;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Tools;

/// <summary>Field by field, what differs between two definitions of a tool and how much it matters.</summary>
public static class ToolDiff
{
    /// <summary>Compares two definitions.</summary>
    /// <param name="before">The tool object that was approved.</param>
    /// <param name="after">The tool object now.</param>
    /// <returns>Empty exactly when their canonical forms are equal. One change of the whole, graded high, when either has no canonical form.</returns>
    public static IReadOnlyList<FieldChange> Compare(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after)
    {
        if (!CanonicalJson.TryParse(before, out var old) || !CanonicalJson.TryParse(after, out var now))
        {
            return [new("", null, null, ToolRisk.High)];
        }

        using (old)
        using (now)
        {
            var changes = new List<FieldChange>();
            return CanonicalJson.TryWrite(old!.RootElement, out _) && CanonicalJson.TryWrite(now!.RootElement, out _)
                ? Walk([], old.RootElement, now.RootElement, changes)
                : [new("", null, null, ToolRisk.High)];
        }
    }

    /// <summary>The highest risk among changes: none | low | high.</summary>
    public static string RiskOf(IEnumerable<FieldChange> changes) => changes.Aggregate(ToolRisk.None, (risk, change) => ToolRisk.Higher(risk, change.Risk));

    private static List<FieldChange> Walk(List<string> path, JsonElement? before, JsonElement? after, List<FieldChange> changes)
    {
        if (before is { ValueKind: JsonValueKind.Object } old && after is { ValueKind: JsonValueKind.Object } now)
        {
            var names = old.EnumerateObject().Concat(now.EnumerateObject()).Select(member => member.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
            foreach (var name in names)
            {
                path.Add(name);
                Walk(path, Member(old, name), Member(now, name), changes);
                path.RemoveAt(path.Count - 1);
            }

            return changes;
        }

        var (canonicalBefore, canonicalAfter) = (Canonical(before), Canonical(after));
        if (!canonicalBefore.AsSpan().SequenceEqual(canonicalAfter))
        {
            var grade = path.Count == 0 ? ToolRisk.High : ToolRisk.Grade(path, before, after);
            changes.Add(new(string.Concat(path.Select(Pointer)), Raw(canonicalBefore), Raw(canonicalAfter), grade));
        }

        return changes;
    }

    private static JsonElement? Member(JsonElement value, string name) => value.TryGetProperty(name, out var member) ? member : null;

    private static byte[]? Canonical(JsonElement? value) => value is { } present && CanonicalJson.TryWrite(present, out var canonical) ? canonical : null;

    private static RawJson? Raw(byte[]? canonical) => canonical is null ? null : RawJson.FromTrusted(canonical);

    private static string Pointer(string name) => "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
