using System.Text;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Behaviour;

/// <summary>The stretch of a message that a score points at, with what stands around it: where an argument may have been copied from.</summary>
public static class SuspiciousText
{
    private const int Around = 256;

    /// <summary>The stretch in UTF-8; empty where the score points nowhere.</summary>
    /// <param name="message">The message as it was scored.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="score">What was made of it.</param>
    public static ReadOnlySpan<byte> Of(MessageText message, ReadOnlySpan<byte> bytes, in InjectionScore score)
    {
        if (score.Length == 0)
        {
            return default;
        }

        if (score.View >= 0)
        {
            // What was encoded in the message leads nowhere in that form.
            var chars = message.View(score.View).Normal.Chars;
            var from = Math.Max(0, score.Start - Around);
            return Encoding.UTF8.GetBytes(chars[from..Math.Min(chars.Length, score.Start + score.Length + Around)].ToArray());
        }

        var (start, length) = score.ToBytes(message);
        var first = Math.Clamp(start - Around, 0, bytes.Length);
        return bytes[first..Math.Clamp(start + length + Around, first, bytes.Length)];
    }
}
