using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Stages.Verification;

/// <summary>
/// Damage that was accepted, for a scan to read over. It is read over where the acceptance is sealed, the bytes are those that were accepted and nothing was signed for a record in them; what is read from anywhere else
/// at the same offsets is judged as any other record. Everywhere else an acceptance heals nothing and stands beside the findings as their explanation.
/// </summary>
internal sealed class AcceptedStretches(LedgerPartition partition, TileFolder tiles, long size, string folder, Func<SaidInControl> said)
{
    private readonly Dictionary<(string Segment, long Position, long Length), Digest?> _digests = [];
    private ILookup<(string Segment, long Position), DamageAccepted>? _sealed;

    /// <summary>Stretches that were hashed.</summary>
    public int Hashed => _digests.Count;

    /// <summary>What was accepted at a place where no record can be read.</summary>
    public DamageAccepted? Find(string segment, long position, long offset)
    {
        _sealed ??= Of(isSealed: true).ToLookup(static a => (Path.GetFileName(a.Segment), a.Position));
        return _sealed[(segment, position)].FirstOrDefault(a => a.FirstOffset == offset && a.NextOffset > offset && !IsSignedFor(a) && IsAsItWasAccepted(a));
    }

    /// <summary>Says beside what is broken who accepted it and why, where that did not let it be read over: something was signed there, or the acceptance is not sealed.</summary>
    public void Explain(List<VerificationFinding> findings)
    {
        for (var i = 0; i < findings.Count; i++)
        {
            var finding = findings[i];
            if (finding.Severity != VerificationSeverity.Broken || finding.Partition != partition || finding.Offset is not { } offset)
            {
                continue;
            }

            // Bytes are hashed for what is sealed only: anybody who can write the file can write acceptances behind the last leaf.
            if (Of(isSealed: true).LastOrDefault(a => IsAbout(a, offset, finding.Check) && IsSignedFor(a) && IsAsItWasAccepted(a)) is { } accepted)
            {
                findings[i] = finding with { Found = $"{finding.Found}; {Text(accepted)}" };
            }
            else if (Of(isSealed: false).LastOrDefault(a => IsAbout(a, offset, finding.Check)) is { } said)
            {
                findings[i] = finding with { Found = $"{finding.Found}; said to be {Text(said)} (in a record that no checkpoint covers yet)" };
            }
        }
    }

    /// <summary>Who accepted it, and why.</summary>
    public static string Text(DamageAccepted accepted) => $"accepted by {accepted.AcceptedBy}: {accepted.Reason}";

    // The record behind the stretch is where its chain is seen to have a gap.
    private static bool IsAbout(DamageAccepted accepted, long offset, string check) =>
        (offset >= accepted.FirstOffset && offset < accepted.NextOffset) || (offset == accepted.NextOffset && check.StartsWith(VerificationChecks.Chain, StringComparison.Ordinal));

    private IEnumerable<DamageAccepted> Of(bool isSealed) => said().Accepted.Where(a => a.IsSealed == isSealed && a.Damage.Partition == partition.ToString()).Select(static a => a.Damage);

    private bool IsSignedFor(DamageAccepted accepted)
    {
        var index = LeafSearch.ByOffset(tiles.Read, size, accepted.FirstOffset);
        return index < size && LeafSearch.At(tiles.Read, size, index) is { } leaf && leaf.Offset < accepted.NextOffset;
    }

    // Whoever changes the bytes after that cannot hide behind the acceptance.
    private bool IsAsItWasAccepted(DamageAccepted accepted)
    {
        var key = (Path.GetFileName(accepted.Segment), accepted.Position, accepted.Length);
        if (!_digests.TryGetValue(key, out var digest))
        {
            var file = new FileInfo(Path.Combine(folder, key.Item1));
            var isThere = accepted is { Position: >= 0, Length: > 0 } && file.Exists && accepted.Position <= file.Length - accepted.Length;
            _digests[key] = digest = isThere ? DamagedStretch.DigestOf(file.FullName, accepted.Position, accepted.Length) : null;
        }

        return digest == accepted.Sha256;
    }
}
