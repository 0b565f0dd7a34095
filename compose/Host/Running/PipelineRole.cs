using McpLedger.Contracts.Integrity;
using McpLedger.Host.Configuration;
using McpLedger.Stages.Retention;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming;

namespace McpLedger.Host.Running;

/// <summary>The pipeline: sealer and retention, and what they make for others to check: checkpoints, tiles, proofs.</summary>
internal static class PipelineRole
{
    public static IServiceCollection AddPipelineRole(this IServiceCollection services, LoadedConfig config, LedgerIdentity identity)
    {
        services.AddSealing(_ => new SealingOptions
        {
            Folder = config.DataFolder,
            OriginPrefix = identity.Origin,
            Source = identity.SourceOf("sealer"),
            Algorithm = config.File.Ledger.Signing == "ecdsa-p256" ? NoteAlgorithm.EcdsaP256 : NoteAlgorithm.Ed25519,
        });
        services.AddSingleton(new IntegrityFolder(config.DataFolder));
        if (config.File.Ledger.Retention is not { Age: null, Bytes: null })
        {
            // Read models keep what they folded: they can say that a call was, and a rebuild folds what is left.
            services.AddRetention(_ => RetentionOf(config, identity.SourceOf("retention")), (_, _) => new(0));
        }

        return services;
    }

    public static RetentionOptions RetentionOf(LoadedConfig config, string source) =>
        new() { Folder = config.DataFolder, Source = source, MaxAge = config.File.Ledger.Retention.Age, MaxBytes = config.File.Ledger.Retention.Bytes?.Bytes };

    public static void MapPipelineRole(this IEndpointRouteBuilder endpoints) => endpoints.MapIntegrity();
}
