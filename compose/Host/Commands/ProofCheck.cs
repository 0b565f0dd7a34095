using System.Text;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Output;

namespace McpLedger.Host.Commands;

/// <summary>Checks a proof file that somebody was given.</summary>
internal static class ProofCheck
{
    private const long LongestProof = 1024 * 1024;

    public static int Run(Terminal terminal, string path, string? record, IReadOnlyList<VerifierKey> keys)
    {
        if (new FileInfo(path).Length > LongestProof || !TlogProof.TryParse(File.ReadAllBytes(path), out var proof))
        {
            terminal.Error($"mcpledger: '{path}' is no .tlog-proof file (c2sp.org/tlog-proof@v1).");
            return ExitCode.Usage;
        }

        if (proof!.Extra is not { } leaf)
        {
            terminal.Error($"mcpledger: '{path}' does not carry its leaf, so there is nothing to prove. Fix: make it with 'mcpledger proof'.");
            return ExitCode.Usage;
        }

        if (!LedgerLeaf.TryParse(leaf.Span, out var committed))
        {
            terminal.Error($"mcpledger: the leaf that '{path}' carries is none of a ledger, so nothing says what it would prove. Fix: make the proof with 'mcpledger proof'.");
            return ExitCode.Usage;
        }

        // A key vouches for the partitions of its own ledger, not for whatever a proof calls itself.
        var verdict = proof.Verify(leaf.Span, CheckpointTrust.KeysFor(committed.Partition, keys));
        var lines = Encoding.UTF8.GetString(leaf.Span).Split('\n');
        var recordHolds = record is null || Digest.Of(File.ReadAllBytes(record)) == committed.Record;
        var sound = verdict == ProofVerdict.Verified && recordHolds;
        terminal.Document(new { Proof = path, Verdict = verdict.ToString(), Verified = sound, RecordMatches = record is null ? (bool?)null : recordHolds, proof.Index, proof.Checkpoint.Origin, proof.Checkpoint.Size, Leaf = lines });
        terminal.Line(Terminal.OneLine($"leaf {proof.Index} of {proof.Checkpoint.Size} in {proof.Checkpoint.Origin}: {string.Join(" | ", lines.Skip(1).Take(4))}"));
        terminal.Line(!sound && verdict == ProofVerdict.Verified ? "NOT PROVED: the record's bytes are not those that the leaf commits to" : sound ? "VERIFIED" : $"NOT PROVED: {verdict}");
        return sound ? ExitCode.Ok : ExitCode.Finding;
    }
}
