namespace McpLedger.Detectors.Text;

/// <summary>What a leaf is in the JSON it stands in.</summary>
public enum TextLeafKind
{
    /// <summary>The inside of a string.</summary>
    Value = 0,

    /// <summary>The name of a member that no specification gave.</summary>
    Name = 1,

    /// <summary>A number as it is written.</summary>
    Number = 2,

    /// <summary>A string of encoded bytes that are no text (an image, a sound): it has a place and no characters but its type, where <c>data:TYPE;base64,</c> stands before it.</summary>
    Binary = 3,
}

/// <summary>One piece of text in a message.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="ByteStart">Where its bytes begin in the message, inside the quotation marks.</param>
/// <param name="ByteLength">How many bytes it is, as it is written.</param>
/// <param name="Start">Where it begins in <see cref="MessageText.Plain"/>.</param>
/// <param name="Length">How many characters it has there.</param>
public readonly record struct TextLeaf(TextLeafKind Kind, int ByteStart, int ByteLength, int Start, int Length)
{
    /// <summary>First character after it.</summary>
    public int End => Start + Length;
}
