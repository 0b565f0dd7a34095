using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>
/// A signing key that is gone, beside what was published or signed with it. Another one in its place would look like a forgery to everybody who kept the public key,
/// so it is made only where an operator has retired that one: moved <c>keys/signing.vkey</c> to <c>keys/retired/</c>.
/// </summary>
internal static class LostKey
{
    /// <summary>The public key's file, one line for each partition.</summary>
    public const string Published = "signing.vkey";

    /// <summary>The retired key that signed what is there; null where nothing was signed yet.</summary>
    /// <exception cref="IOException">The lost key is not retired; the message says what to do.</exception>
    public static VerifierKey? Retired(SealingOptions options)
    {
        var key = Path.Combine(options.Keys, "signing.key");
        var published = Path.Combine(options.Keys, Published);
        var past = Path.Combine(options.Keys, "retired");
        if (File.Exists(published))
        {
            throw new IOException($"there is no '{key}', but '{published}' says which key it was. Fix: put the key back from the backup; if it is lost for good: mkdir -p '{past}' && mv '{published}' '{past}/lost.vkey', and another one is made");
        }

        var retired = InRetired(past).ToArray();
        VerifierKey? found = null;
        string[] trees = Directory.Exists(options.Tiles) ? Directory.GetDirectories(options.Tiles) : [];
        foreach (var tree in trees.Order(StringComparer.Ordinal))
        {
            var checkpoint = Path.Combine(tree, "checkpoint");
            if (File.Exists(checkpoint))
            {
                found = SignerOf(checkpoint, $"{options.OriginPrefix}/{Path.GetFileName(tree)}", retired)
                    ?? throw new IOException($"there is no '{key}', and no key in '{past}' signed '{checkpoint}'. Fix: put keys/ back from the backup; if the key is lost for good, put its public key, which auditors have, into '{past}/lost.vkey', and another one is made");
            }
        }

        return found;
    }

    private static VerifierKey? SignerOf(string checkpoint, string origin, IEnumerable<VerifierKey> keys) =>
        VerifierKey.IsName(origin) && SignedNote.TryParse(File.ReadAllBytes(checkpoint), out var note) ? keys.FirstOrDefault(k => note!.Open(k.Named(origin)) == NoteVerdict.Verified) : null;

    private static IEnumerable<VerifierKey> InRetired(string folder)
    {
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.vkey") : [];
        foreach (var line in files.SelectMany(File.ReadLines))
        {
            if (VerifierKey.TryParse(line.Trim(), out var key))
            {
                yield return key!;
            }
        }
    }
}
