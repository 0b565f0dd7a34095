using System.Text;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Training.Data;

/// <summary>Corpus texts in the form that models read: the same reading as on the wire, so that nothing is learnt that the gateway would not see.</summary>
internal static class NormalText
{
    // Its buffers are large and a training reads a hundred thousand texts.
    [ThreadStatic]
    private static MessageText? _text;

    public static string Of(string text)
    {
        var reading = _text ??= new(TextLimits.Default);
        reading.ReadText(Encoding.UTF8.GetBytes(text), TextChannel.Response);
        return reading.Normal.ToString();
    }

    public static string OfJson(string json)
    {
        var reading = _text ??= new(TextLimits.Default);
        reading.Read(Encoding.UTF8.GetBytes(json), TextChannel.Definition);
        return reading.Normal.ToString();
    }
}
