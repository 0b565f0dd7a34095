using System.Text;
using System.Text.Unicode;

namespace McpLedger.Contracts.Integrity;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">Name of the key that is said to have signed.</param>
/// <param name="KeyId">Its id.</param>
/// <param name="Bytes">The signature.</param>
public readonly record struct NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Bytes);

/// <summary>What a note is worth to one who trusts certain keys. The zero value trusts nothing (I7).</summary>
public enum NoteVerdict
{
    /// <summary>No trusted key has signed it.</summary>
    Unsigned = 0,

    /// <summary>A trusted key is said to have signed it and has not.</summary>
    Forged = 1,

    /// <summary>At least one trusted key has signed it and no trusted key's signature fails.</summary>
    Verified = 2,
}

/// <summary>Text with signatures (C2SP signed-note). The text must be ignored until <see cref="Open"/> has verified it.</summary>
public sealed class SignedNote
{
    private const int MostBytes = 1 << 20;
    private const int MostSignatures = 100;

    private static ReadOnlySpan<byte> Opening => "— "u8;

    private SignedNote(byte[] text, IReadOnlyList<NoteSignature> signatures)
    {
        Bytes = text;
        Text = Encoding.UTF8.GetString(text);
        Signatures = signatures;
    }

    /// <summary>The signed text with its last newline.</summary>
    public string Text { get; }

    /// <summary>The signatures, verified or not, in order.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    private byte[] Bytes { get; }

    /// <summary>Reads a note. At most 1 MiB and 100 signatures.</summary>
    /// <returns>False when it is not of the form that the specification gives.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out SignedNote? note)
    {
        note = null;
        if (bytes.Length > MostBytes || !Utf8.IsValid(bytes) || HasControls(bytes))
        {
            return false;
        }

        var blank = bytes.LastIndexOf("\n\n"u8);
        if (blank < 0)
        {
            return false;
        }

        var signatures = new List<NoteSignature>();
        for (var rest = bytes[(blank + 2)..]; !rest.IsEmpty;)
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0 || signatures.Count == MostSignatures || !TryLine(rest[..end], out var signature))
            {
                return false;
            }

            signatures.Add(signature);
            rest = rest[(end + 1)..];
        }

        note = signatures.Count > 0 ? new(bytes[..(blank + 1)].ToArray(), signatures) : null;
        return note is not null;
    }

    /// <summary>Signs a text.</summary>
    /// <param name="text">Ends in a newline.</param>
    /// <param name="signers">At least one.</param>
    /// <returns>The note's bytes.</returns>
    /// <exception cref="ArgumentException">The text is none that a note can carry.</exception>
    public static byte[] Sign(string text, params ReadOnlySpan<NoteSigner> signers)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (signers.IsEmpty || !text.EndsWith('\n') || HasControls(bytes))
        {
            throw new ArgumentException("A note has a text that ends in a newline, no control characters, and a signer.", nameof(text));
        }

        var note = new StringBuilder(text).Append('\n');
        foreach (var signer in signers)
        {
            note.Append("— ").Append(signer.Key.Name).Append(' ').Append(Convert.ToBase64String(signer.Sign(bytes))).Append('\n');
        }

        return Encoding.UTF8.GetBytes(note.ToString());
    }

    /// <summary>Verifies the note against the keys one trusts. Unknown keys are ignored, even under a known name or a known id.</summary>
    public NoteVerdict Open(params ReadOnlySpan<VerifierKey> trusted)
    {
        var verdict = NoteVerdict.Unsigned;
        foreach (var signature in Signatures)
        {
            foreach (var key in trusted)
            {
                if (key.KeyId != signature.KeyId || key.Name != signature.Name)
                {
                    continue;
                }

                if (!key.Verify(Bytes, signature.Bytes.Span))
                {
                    return NoteVerdict.Forged;
                }

                verdict = NoteVerdict.Verified;
            }
        }

        return verdict;
    }

    private static bool TryLine(ReadOnlySpan<byte> line, out NoteSignature signature)
    {
        signature = default;
        if (!line.StartsWith(Opening))
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(line[Opening.Length..]);
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || !VerifierKey.IsName(text.AsSpan(0, space)) || NoteText.FromBase64(text.AsSpan(space + 1)) is not { Length: > sizeof(uint) } bytes)
        {
            return false;
        }

        signature = new(text[..space], System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(sizeof(uint)));
        return true;
    }

    private static bool HasControls(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            if (b < 0x20 && b != '\n')
            {
                return true;
            }
        }

        return false;
    }
}
