using McpLedger.Detectors.Redaction;
using McpLedger.Detectors.Sanitizing;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Tests.Sanitizing;

/// <summary>Sanitising is held to what detectors are held to.</summary>
public sealed class SanitizerComplianceTests : DetectorCompliance
{
    private readonly MessageText _text = new(TextLimits.Default);
    private readonly SanitizeFindings _found = new(256);
    private readonly EditList _edits = new();

    protected override string Answer(ReadOnlySpan<byte> input)
    {
        _text.ReadText(input, TextChannel.Response);
        Sanitizer.Find(_text, _found);
        Sanitizer.Plan(_text, _found.All, _ => true, _edits);
        var changed = new byte[_edits.LengthAfter(input.Length)];
        _edits.Apply(input, changed);
        return string.Join(' ', _found.All.ToArray()) + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(changed));
    }
}
