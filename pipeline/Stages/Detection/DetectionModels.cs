using System.Diagnostics.CodeAnalysis;
using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Injection;

namespace McpLedger.Stages.Detection;

/// <summary>The models of the stage. One that cannot be read is missed loudly: detection goes on with the other.</summary>
internal sealed class DetectionModels : IDisposable
{
    private DetectionModels(InjectionModel? injection, BehaviourModel? behaviour) => (Injection, Behaviour) = (injection, behaviour);

    public InjectionModel? Injection { get; }

    public BehaviourModel? Behaviour { get; }

    /// <exception cref="InvalidDataException">A model cannot be read.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The models own what is opened and dispose it.")]
    public static DetectionModels Open(DetectionOptions options) => new(Injected(options), Behaving(options));

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The models own what is opened and dispose it.")]
    public static DetectionModels Open(DetectionOptions options, DetectionTelemetry telemetry) => new(Try(() => Injected(options), telemetry), Try(() => Behaving(options), telemetry));

    public void Dispose() => Injection?.Dispose();

    private static InjectionModel Injected(DetectionOptions options) => InjectionModel.Open(options.InjectionModel ?? ShippedModel.Folder);

    private static BehaviourModel Behaving(DetectionOptions options) => BehaviourModel.Open(options.BehaviourModel ?? BehaviourModel.ShippedFolder);

    private static T? Try<T>(Func<T> open, DetectionTelemetry telemetry)
        where T : class
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            telemetry.LogNoModel(e.Message);
            return null;
        }
    }
}
