using System.Buffers;
using System.Text;
using McpLedger.Contracts.Mcp;
using McpLedger.Detectors.Text;

namespace McpLedger.Gateway.Screening;

/// <summary>Which part of a message is looked through, and by which rules.</summary>
/// <param name="Root">Its path in the message: <c>$.params</c>, <c>$.result</c>, <c>$.error</c>, <c>$</c> for all of it; empty for a text that is no JSON.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Channel">Whose words it is read as.</param>
/// <param name="Server">The server that it goes to or comes from.</param>
/// <param name="Actor">Who is on the other side.</param>
/// <param name="Rules">What holds.</param>
internal readonly record struct ScreenedPart(string Root, ScreeningPlace Place, TextChannel Channel, string Server, SecretOwner Actor, ScreeningRules Rules)
{
    /// <summary>The root of all that was received, a message with what stands beside its body, or JSON that is no message.</summary>
    public const string Whole = "$";

    private static readonly SearchValues<byte> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF"u8);

    /// <summary>Whose rule says what follows from instructions in it: a server's words about itself are definitions, wherever they stand.</summary>
    public ScreeningPlace InjectionPlace => Place == ScreeningPlace.Results && Channel == TextChannel.Definition ? ScreeningPlace.Definitions : Place;

    /// <summary>Whether it is read as JSON.</summary>
    public bool IsJson => Root.Length > 0;

    /// <summary>Whether a text that is no JSON has JSON's escapes in it, which whoever it is for may undo.</summary>
    public bool IsEscaped { get; init; }

    /// <summary>Where in it values stand that only their server reads (<see cref="McpMessage.Handles"/>): what passes keeps them.</summary>
    public IReadOnlyList<(int Start, int Length)> Handles { get; init; } = [];

    /// <summary>Whether a range of it is one of the values that only their server reads, or lies in one.</summary>
    public bool IsHandle(int start, int end)
    {
        foreach (var handle in Handles)
        {
            if (start >= handle.Start && end <= handle.Start + handle.Length)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The part as bytes are read that are no message: as JSON where they are JSON, so that no escape hides anything.</summary>
    public ScreenedPart OfBytes(ReadOnlyMemory<byte> bytes, McpLimits limits) =>
        McpReader.IsJson(bytes, limits) ? this with { Root = Whole } : this with { Root = "", IsEscaped = HasEscapes(bytes.Span) };

    // What only JSON and its like write: other letters behind a backslash stand in paths and patterns.
    private static bool HasEscapes(ReadOnlySpan<byte> text)
    {
        while (text.IndexOf((byte)'\\') is >= 0 and var at)
        {
            text = text[(at + 1)..];
            if (text is [(byte)'/' or (byte)'"', ..] || (text is [(byte)'u', _, _, _, _, ..] && text[1..5].IndexOfAnyExcept(Hexadecimal) < 0))
            {
                return true;
            }
        }

        return false;
    }

    public void Read(MessageText text, ReadOnlySpan<byte> body)
    {
        if (IsJson)
        {
            text.Read(body, Channel);
        }
        else if (IsEscaped)
        {
            text.ReadEscapedText(body, Channel);
        }
        else
        {
            text.ReadText(body, Channel);
        }
    }

    /// <summary>The path of a byte, as JSONPath (RFC 9535) writes it; bounded, for names are the sender's.</summary>
    public string PathOf(ReadOnlySpan<byte> body, int offset)
    {
        if (!IsJson)
        {
            return "$";
        }

        var path = new StringBuilder(Root);
        foreach (var step in LeafPath.Of(body, offset).Split('/').Skip(1))
        {
            if (step.Length > 0 && step.All(char.IsAsciiDigit))
            {
                path.Append('[').Append(step).Append(']');
            }
            else if (step.Length > 0 && step.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                path.Append('.').Append(step);
            }
            else
            {
                path.Append("['").Append(step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)).Append("']");
            }
        }

        return LeafPath.Shortened(path.ToString());
    }
}
