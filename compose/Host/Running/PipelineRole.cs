using McpLedger.Contracts.Integrity;
using McpLedger.Host.Configuration;
using McpLedger.Projections;
using McpLedger.Stages.Detection;
using McpLedger.Stages.Retention;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Host.Running;

/// <summary>The pipeline: sealer, detection and retention, and what they make for others to check: checkpoints, tiles, proofs.</summary>
internal static class PipelineRole
{
    private const string DetectionStage = "detection";

    public static IServiceCollection AddPipelineRole(this IServiceCollection services, LoadedConfig config, LedgerIdentity identity)
    {
        services.AddSealing(_ => new SealingOptions
        {
            Folder = config.DataFolder,
            OriginPrefix = identity.Origin,
            Source = identity.SourceOf("sealer"),
            Algorithm = config.File.Ledger.Signing == "ecdsa-p256" ? NoteAlgorithm.EcdsaP256 : NoteAlgorithm.Ed25519,
        });
        services.AddSingleton(p => new ReadinessCheck("sealing", LedgerStatus.Degraded, p.GetRequiredService<SealingHealth>().Check));
        if (config.File.Detection.Enabled)
        {
            services.AddDetection(DetectionMapping.ToOptions(config, identity.SourceOf(DetectionStage)));
            services.AddSingleton(p => ReadinessCheck.Of(DetectionStage, () => p.GetRequiredService<RunningConsumers>().All));
        }

        services.AddSingleton(new IntegrityFolder(config.DataFolder));
        if (config.File.Ledger.Retention is not { Age: null, Bytes: null })
        {
            // Where the read models are another process's, that one forgets by a rebuild.
            services.AddRetention(
                _ => RetentionOf(config, identity.SourceOf("retention")),
                provider => provider.GetService<ProjectionAdmin>() is { } readModels ? (_, cancellationToken) => readModels.ForgetDroppedAsync(cancellationToken) : static (_, _) => new(0));
        }

        return services;
    }

    public static RetentionOptions RetentionOf(LoadedConfig config, string source) =>
        new()
        {
            Folder = config.DataFolder,
            Source = source,
            MaxAge = config.File.Ledger.Retention.Age,
            MaxBytes = config.File.Ledger.Retention.Bytes?.Bytes,
            Interval = config.File.Ledger.Retention.Interval,
            OnceSealed = true,
        };

    public static void MapPipelineRole(this IEndpointRouteBuilder endpoints, LoadedConfig config) => endpoints.MapIntegrity(config.File.Ledger.PublicTiles);
}
