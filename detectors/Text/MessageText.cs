using McpLedger.Detectors.Text.Views;

namespace McpLedger.Detectors.Text;

/// <summary>
/// All text of one message, in the forms that detectors read: as it was written, in normal form, and what was hidden in it. One instance is read into again and again by one
/// thread at a time; once its buffers have grown to what messages need, reading allocates nothing.
/// </summary>
public sealed class MessageText
{
    private readonly TextLimits _limits;
    private readonly List<TextLeaf> _leaves = [];
    private readonly ViewFinder _finder;

    /// <summary>Makes one with nothing read into it.</summary>
    public MessageText(TextLimits limits)
    {
        _limits = limits;
        _finder = new(limits);
        Plain = new(limits.MaxChars);
        Normal = new(limits.MaxChars);
    }

    /// <summary>Whose words these are, as the caller said.</summary>
    public TextChannel Channel { get; private set; }

    /// <summary>The leaves one after the other, JSON's own escapes undone. A name is followed by a colon and a space, every other leaf by a line end.</summary>
    public MappedText Plain { get; }

    /// <summary>The normal form of <see cref="Plain"/>: what models read.</summary>
    public MappedText Normal { get; }

    /// <summary>Marks of what is hidden in it that are certain.</summary>
    public HiddenText Hidden { get; private set; }

    /// <summary>True when something was too much to be read: it is unread, not harmless.</summary>
    public bool IsCut { get; private set; }

    /// <summary>True when more was hidden than views hold.</summary>
    public bool IsViewCut => _finder.Shelf.IsCut;

    /// <summary>The leaves in the order of their bytes.</summary>
    public ReadOnlySpan<TextLeaf> Leaves => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_leaves);

    /// <summary>How many decoded views there are.</summary>
    public int ViewCount => _finder.Shelf.Count;

    /// <summary>A decoded view, to be scored like the message.</summary>
    /// <param name="index">Below <see cref="ViewCount"/>.</param>
    public DecodedView View(int index) => _finder.Shelf[index];

    /// <summary>Reads a JSON value that a strict reader has accepted: a message, or its arguments, its result, a definition.</summary>
    /// <param name="json">Its bytes; every offset that this type gives is one into them.</param>
    /// <param name="channel">Whose words they are.</param>
    public void Read(ReadOnlySpan<byte> json, TextChannel channel)
    {
        Begin(channel);
        var walk = new LeafWalk(json, _limits, Plain, _leaves);
        walk.Run();
        IsCut = walk.IsCut;
        Finish(json.Length);
    }

    /// <summary>Reads a text that is no JSON: one leaf.</summary>
    public void ReadText(ReadOnlySpan<byte> utf8, TextChannel channel) => ReadLeaf(utf8, channel, escapes: false);

    /// <summary>Reads a text that is no JSON and has JSON's escapes in it: one leaf, in which they are undone.</summary>
    public void ReadEscapedText(ReadOnlySpan<byte> utf8, TextChannel channel) => ReadLeaf(utf8, channel, escapes: true);

    private void ReadLeaf(ReadOnlySpan<byte> utf8, TextChannel channel, bool escapes)
    {
        Begin(channel);
        JsonString.Append(utf8, 0, escapes, Plain);
        _leaves.Add(new(TextLeafKind.Value, 0, utf8.Length, 0, Plain.Length));
        IsCut = Plain.IsCut;
        Finish(utf8.Length);
    }

    private void Begin(TextChannel channel)
    {
        Channel = channel;
        _leaves.Clear();
        Plain.Clear();
    }

    private void Finish(int end)
    {
        Plain.End(end);
        Hidden = _finder.Run(Plain, Normal);
    }
}
