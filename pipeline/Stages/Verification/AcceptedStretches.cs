using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Stages.Verification;

/// <summary>
/// What an accepted damage makes of the findings about it. An acceptance explains and heals nothing: where a signed leaf commits to a record that is lost,
/// what was signed is not there any more, and the finding stays broken with the explanation beside it. Where nothing was signed for, it is a fact once the acceptance itself is sealed.
/// </summary>
internal static class AcceptedStretches
{
    public static void Judge(LedgerPartition partition, TileFolder tiles, long size, string folder, IReadOnlyList<(DamageAccepted Damage, bool IsSealed)> accepted, List<VerificationFinding> findings)
    {
        foreach (var (one, isSealed) in accepted.Where(a => a.Damage.Partition == partition.ToString()))
        {
            var said = $"accepted by {one.AcceptedBy}: {one.Reason}{(isSealed ? "" : " (in a record that no checkpoint covers yet)")}";
            if (!IsAsItWasAccepted(folder, one))
            {
                continue;
            }

            var index = LeafSearch.ByOffset(tiles.Read, size, one.FirstOffset);
            var heals = isSealed && !(index < size && LeafSearch.At(tiles.Read, size, index) is { } leaf && leaf.Offset < one.NextOffset);
            for (var i = 0; i < findings.Count; i++)
            {
                if (IsAbout(findings[i], partition, one))
                {
                    findings[i] = findings[i] with
                    {
                        Check = heals ? VerificationChecks.DamageAccepted : findings[i].Check,
                        Severity = heals ? VerificationSeverity.Fact : VerificationSeverity.Broken,
                        Found = $"{findings[i].Found}; {said}",
                    };
                }
            }
        }
    }

    // The record behind the stretch is where its chain is seen to have a gap.
    private static bool IsAbout(VerificationFinding finding, LedgerPartition partition, DamageAccepted accepted) =>
        finding.Partition == partition && finding.Severity == VerificationSeverity.Broken && finding.Offset is { } offset
        && ((offset >= accepted.FirstOffset && offset < accepted.NextOffset)
            || (offset == accepted.NextOffset && finding.Check.StartsWith(VerificationChecks.Chain, StringComparison.Ordinal)));

    // Whoever changes the bytes after that cannot hide behind the acceptance.
    private static bool IsAsItWasAccepted(string folder, DamageAccepted accepted)
    {
        var path = Path.Combine(folder, Path.GetFileName(accepted.Segment));
        return File.Exists(path) && DamagedStretch.DigestOf(path, accepted.Position, accepted.Length) == accepted.Sha256;
    }
}
