using System.Globalization;

namespace McpLedger.Contracts.Integrity;

/// <summary>The state of a tree, as a log signs it (C2SP tlog-checkpoint).</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Size">Leaves in the tree.</param>
/// <param name="Root">Root of the tree.</param>
public sealed record Checkpoint(string Origin, long Size, Digest Root)
{
    /// <summary>The text that is signed: origin, size and root, each on a line.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root.ToArray())}\n");

    /// <summary>Reads the text of a note. Extension lines after the third are allowed and left unread, as the specification wants it.</summary>
    /// <returns>False when it is no checkpoint.</returns>
    public static bool TryParse(string text, out Checkpoint? checkpoint)
    {
        checkpoint = null;
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length != 0 || lines.AsSpan(0, lines.Length - 1).Contains(""))
        {
            return false;
        }

        checkpoint = NoteText.TryNumber(lines[1], out var size) && NoteText.TryDigest(lines[2], out var root) ? new(lines[0], size, root) : null;
        return checkpoint is not null;
    }

    /// <summary>Reads a note and, in it, a checkpoint.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out SignedNote? note, out Checkpoint? checkpoint)
    {
        checkpoint = null;
        return SignedNote.TryParse(bytes, out note) && TryParse(note!.Text, out checkpoint);
    }

    /// <summary>The checkpoint as a signed note.</summary>
    public byte[] Sign(params ReadOnlySpan<NoteSigner> signers) => SignedNote.Sign(Text, signers);
}
