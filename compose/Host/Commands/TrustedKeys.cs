using McpLedger.Contracts.Integrity;

namespace McpLedger.Host.Commands;

/// <summary>The public keys that a person says to believe.</summary>
internal static class TrustedKeys
{
    private const long LongestFile = 64 * 1024;

    /// <summary>Reads vkeys, given as they are or as files with one on each line; lines that begin with # are remarks.</summary>
    /// <returns>The keys, or what is wrong with what was given.</returns>
    public static (IReadOnlyList<VerifierKey> Keys, string? Fault) Read(string[] given)
    {
        var keys = new List<VerifierKey>();
        foreach (var line in given.SelectMany(g => File.Exists(g) && new FileInfo(g).Length <= LongestFile ? File.ReadAllLines(g) : g.Split('\n')).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#'))
        {
            if (!VerifierKey.TryParse(line, out var key))
            {
                return ([], $"'{line}' is no public key and no file with any. Fix: give name+id+base64, as 'mcpledger keys show' prints it, or the path of a file of such lines.");
            }

            keys.Add(key!);
        }

        return keys.Count > 0 ? (keys, null) : ([], "verification believes public keys only, and none was given. Fix: --key with the key that you got from the ledger's operator, once and for all ('mcpledger keys show').");
    }
}
