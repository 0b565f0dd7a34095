using System.Globalization;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Tests.Text;

/// <summary>Reading a message is held to what detectors are held to, and every place it gives lies inside the message.</summary>
public sealed class MessageTextComplianceTests : DetectorCompliance
{
    private readonly MessageText _text = new(TextLimits.Default);

    protected override string Answer(ReadOnlySpan<byte> input)
    {
        _text.Read(input, TextChannel.Response);
        var json = Describe(input.Length);
        _text.ReadText(input, TextChannel.Response);
        return json + Describe(input.Length);
    }

    private string Describe(int length)
    {
        Check(_text.Plain, length);
        Check(_text.Normal, length);
        var hash = new HashCode();
        hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_text.Normal.Chars));
        for (var i = 0; i < _text.ViewCount; i++)
        {
            Check(_text.View(i).Normal, length);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_text.View(i).Normal.Chars));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{_text.Leaves.Length} {_text.IsCut} {_text.ViewCount} {hash.ToHashCode()};");
    }

    private static void Check(MappedText text, int length)
    {
        for (var at = 0; at < text.Length; at += Math.Max(1, text.Length / 50))
        {
            var (start, bytes) = text.ToBytes(at, 1);
            Assert.InRange(start, 0, length);
            Assert.InRange(start + bytes, 0, length + 1);
        }
    }
}
