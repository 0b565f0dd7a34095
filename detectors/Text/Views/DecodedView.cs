namespace McpLedger.Detectors.Text.Views;

/// <summary>How a text was hidden in another.</summary>
public enum ViewKind
{
    /// <summary>Spelt in tag characters.</summary>
    Tags = 0,

    /// <summary>In markup that is not shown: comments, hidden elements, attributes.</summary>
    HiddenMarkup = 1,

    /// <summary>In titles and reference definitions of Markdown.</summary>
    MarkdownTitle = 2,

    /// <summary>Base64 or base64url.</summary>
    Base64 = 3,

    /// <summary>Hexadecimal digits.</summary>
    Hex = 4,

    /// <summary>Letters moved by thirteen.</summary>
    Rot13 = 5,

    /// <summary>Back to front.</summary>
    Reversed = 6,

    /// <summary>Letters with separators between them.</summary>
    SpacedLetters = 7,

    /// <summary>Digits and signs for letters.</summary>
    Leetspeak = 8,

    /// <summary>Words with their inner letters shuffled.</summary>
    Scrambled = 9,
}

/// <summary>What was hidden, decoded: a text to be scored like any other. All of one kind and depth is one view.</summary>
public sealed class DecodedView
{
    internal DecodedView(int most)
    {
        Plain = new(most);
        Normal = new(most);
    }

    /// <summary>How it was hidden.</summary>
    public ViewKind Kind { get; internal set; }

    /// <summary>Whether it holds what somebody wrote, letter for letter; where letters were folded or shuffled, words look like values.</summary>
    public bool IsVerbatim => Kind is ViewKind.Tags or ViewKind.Base64 or ViewKind.Hex or ViewKind.Rot13 or ViewKind.Reversed;

    /// <summary>1 for what was hidden in the message, 2 for what was hidden in that.</summary>
    public int Depth { get; internal set; }

    /// <summary>Decoded, as it was written. Its characters' origins are the bytes of the message that hold them, encoded.</summary>
    public MappedText Plain { get; }

    /// <summary>The normal form of <see cref="Plain"/>.</summary>
    public MappedText Normal { get; }
}
