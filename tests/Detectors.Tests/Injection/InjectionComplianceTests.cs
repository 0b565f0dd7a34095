using System.Globalization;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Tests.Injection;

/// <summary>Stage one and the marks of definitions are held to what every detector is held to.</summary>
public sealed class InjectionComplianceTests : DetectorCompliance, IClassFixture<ShippedModelFixture>
{
    private readonly InjectionDetector _detector;
    private readonly InjectionModel _model;
    private readonly MessageText _text = new(TextLimits.Default);
    private readonly InjectionReading _reading = new();

    public InjectionComplianceTests(ShippedModelFixture shipped) => (_model, _detector) = (shipped.Model, new(shipped.Model));

    protected override string Answer(ReadOnlySpan<byte> input)
    {
        var answer = "";
        foreach (var channel in Enum.GetValues<TextChannel>())
        {
            _text.ReadText(input, channel);
            var score = _detector.Score(_text, _reading);
            var (start, length) = score.ToBytes(_text);
            Assert.InRange(start, 0, input.Length);
            Assert.InRange(start + length, 0, input.Length + 1);
            Assert.InRange(score.Probability, 0, 1);
            Assert.True(double.IsFinite(score.Tail) && score.Tail >= 0);
            answer += string.Create(CultureInfo.InvariantCulture, $"{score.Logit:R} {score.Marks} {start}+{length};");
        }

        return answer + CapabilityRisk.Of(_model, _text, _reading).Logit.ToString("R", CultureInfo.InvariantCulture);
    }
}

/// <summary>The model that comes with the product, opened once.</summary>
public sealed class ShippedModelFixture : IDisposable
{
    public InjectionModel Model { get; } = InjectionModel.Open(ShippedModel.Folder);

    public void Dispose() => Model.Dispose();
}
