using System.Globalization;
using System.Text;

namespace McpLedger.Contracts.Integrity;

/// <summary>What a proof is worth to one who trusts certain keys. The zero value proves nothing (I7).</summary>
public enum ProofVerdict
{
    /// <summary>No trusted key has signed the proof's checkpoint.</summary>
    Unsigned = 0,

    /// <summary>A trusted key's signature on the checkpoint fails.</summary>
    Forged = 1,

    /// <summary>The checkpoint is of another log than the key's.</summary>
    WrongOrigin = 2,

    /// <summary>The entry is not what the proof was made for.</summary>
    NotIncluded = 3,

    /// <summary>The entry is in the tree that a trusted key has signed.</summary>
    Verified = 4,
}

/// <summary>A proof that stands on its own (C2SP tlog-proof, file extension <c>.tlog-proof</c>): an index, the inclusion proof and the signed checkpoint.</summary>
public sealed class TlogProof
{
    private const string Version = "c2sp.org/tlog-proof@v1";
    private const int MostHashes = 63;

    private readonly byte[] _note;

    private TlogProof(long index, IReadOnlyList<Digest> hashes, ReadOnlyMemory<byte>? extra, byte[] note, SignedNote signed, Checkpoint checkpoint)
    {
        (Index, Hashes, Extra, _note, Note, Checkpoint) = (index, hashes, extra, note, signed, checkpoint);
    }

    /// <summary>Index of the entry in the log.</summary>
    public long Index { get; }

    /// <summary>The inclusion proof, from the leaf's sibling up.</summary>
    public IReadOnlyList<Digest> Hashes { get; }

    /// <summary>Bytes that the proof's maker added. Nothing vouches for them.</summary>
    public ReadOnlyMemory<byte>? Extra { get; }

    /// <summary>The checkpoint's note.</summary>
    public SignedNote Note { get; }

    /// <summary>The checkpoint. Not to be believed before <see cref="Verify"/>.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>Makes the proof for one entry.</summary>
    /// <param name="index">Index of the entry.</param>
    /// <param name="hashes">What <see cref="TiledTree.Inclusion"/> gives for the checkpoint's size.</param>
    /// <param name="checkpoint">The signed note, verbatim.</param>
    /// <returns>Null when <paramref name="checkpoint"/> is none.</returns>
    public static TlogProof? Create(long index, IReadOnlyList<Digest> hashes, ReadOnlySpan<byte> checkpoint) =>
        Checkpoint.TryParse(checkpoint, out var note, out var parsed) ? new(index, hashes, null, checkpoint.ToArray(), note!, parsed!) : null;

    /// <summary>The same proof with bytes of its maker's beside it.</summary>
    public TlogProof WithExtra(ReadOnlyMemory<byte> extra) => new(Index, Hashes, extra, _note, Note, Checkpoint);

    /// <summary>Reads a proof.</summary>
    /// <returns>False when it is not of the form that the specification gives.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out TlogProof? proof)
    {
        proof = null;
        var blank = bytes.IndexOf("\n\n"u8);
        if (blank < 0 || !System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return false;
        }

        var lines = Encoding.UTF8.GetString(bytes[..blank]).Split('\n');
        var at = 1;
        ReadOnlyMemory<byte>? extra = null;
        if (lines.Length > at && lines[at].StartsWith("extra ", StringComparison.Ordinal))
        {
            if (NoteText.FromBase64(lines[at].AsSpan("extra ".Length)) is not { } read)
            {
                return false;
            }

            (extra, at) = (read, at + 1);
        }

        if (lines[0] != Version
            || lines.Length <= at
            || !lines[at].StartsWith("index ", StringComparison.Ordinal)
            || !NoteText.TryNumber(lines[at].AsSpan("index ".Length), out var index)
            || lines.Length - at - 1 > MostHashes)
        {
            return false;
        }

        var hashes = new List<Digest>();
        foreach (var line in lines.AsSpan(at + 1))
        {
            if (!NoteText.TryDigest(line, out var hash))
            {
                return false;
            }

            hashes.Add(hash);
        }

        var checkpoint = bytes[(blank + 2)..];
        proof = Checkpoint.TryParse(checkpoint, out var note, out var parsed) ? new(index, hashes, extra, checkpoint.ToArray(), note!, parsed!) : null;
        return proof is not null;
    }

    /// <summary>The proof as it is stored.</summary>
    public byte[] Encode()
    {
        var text = new StringBuilder(Version).Append('\n');
        if (Extra is { } extra)
        {
            text.Append("extra ").Append(Convert.ToBase64String(extra.Span)).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"index {Index}\n");
        foreach (var hash in Hashes)
        {
            text.Append(Convert.ToBase64String(hash.ToArray())).Append('\n');
        }

        return [.. Encoding.UTF8.GetBytes(text.Append('\n').ToString()), .. _note];
    }

    /// <summary>Checks that <paramref name="entry"/> (the leaf's bytes, not its hash) is in the tree, and the tree signed by a trusted key for its own origin.</summary>
    public ProofVerdict Verify(ReadOnlySpan<byte> entry, params ReadOnlySpan<VerifierKey> trusted)
    {
        var verdict = Note.Open(trusted);
        if (verdict != NoteVerdict.Verified)
        {
            return verdict == NoteVerdict.Forged ? ProofVerdict.Forged : ProofVerdict.Unsigned;
        }

        var ours = false;
        foreach (var key in trusted)
        {
            ours |= key.Name == Checkpoint.Origin;
        }

        if (!ours)
        {
            return ProofVerdict.WrongOrigin;
        }

        return MerkleProof.VerifyInclusion(Index, Checkpoint.Size, MerkleTree.HashLeaf(entry), [.. Hashes], Checkpoint.Root) ? ProofVerdict.Verified : ProofVerdict.NotIncluded;
    }
}
