using System.Globalization;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Redaction;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>The search and the redaction that follows it are held to what detectors are held to.</summary>
public sealed class DlpComplianceTests : DetectorCompliance
{
    private readonly MessageText _text = new(TextLimits.Default);
    private readonly DlpFindings _findings = new(256);
    private readonly EditList _edits = new();
    private readonly Redactor _redactor = new("0123456789abcdef"u8);

    protected override string Answer(ReadOnlySpan<byte> input)
    {
        _text.Read(input, TextChannel.Response);
        DlpScan.Run(_text, _findings);
        _redactor.Plan(_text, _findings.All, _edits);
        var changed = new byte[_edits.LengthAfter(input.Length)];
        _edits.Apply(input, changed);
        return string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', _findings.All.ToArray())} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(changed))}");
    }
}
