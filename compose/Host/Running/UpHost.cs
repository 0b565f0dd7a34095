using System.Security.Cryptography.X509Certificates;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Gateway;
using McpLedger.Gateway.Configuration;
using McpLedger.Host.Access;
using McpLedger.Host.Configuration;
using McpLedger.Projections;
using McpLedger.Projections.Api;
using McpLedger.Stages.Retention;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Parking;

namespace McpLedger.Host.Running;

/// <summary>Composes every room into one process around an open ledger.</summary>
internal static class UpHost
{
    public static string Version { get; } = typeof(UpHost).Assembly.GetName().Version!.ToString(3);

    public static WebApplication Build(LoadedConfig config, LedgerRoom room, X509Certificate2? certificate)
    {
        var identity = room.Ledger.Identity;

        // Empty, not slim: the slim builder watches the content root for changed settings files, and a ledger below it makes that watcher burn CPU on every append.
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddConsoleLines();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listening.Configure(kestrel, config, certificate));
        builder.Services.AddRoutingCore();
        builder.AddOtlp(config, identity.Instance);
        builder.Services.AddLedger(room, config);
        builder.Services.AddAccess(AdminToken.Open(config.DataFolder));
        builder.Services.AddGateway(new GatewayOptions
        {
            Instance = identity.Instance,
            Source = identity.SourceOf("gateway"),
            SessionKeyFile = config.File.Sessions.Key is { } key ? Path.GetFullPath(key, config.Folder) : Path.Combine(config.DataFolder, "keys", "sessions.key"),
            ChildFolder = Path.Combine(config.DataFolder, "children"),
        });
        builder.Services.AddSealing(_ => new SealingOptions
        {
            Folder = config.DataFolder,
            OriginPrefix = identity.Origin,
            Source = identity.SourceOf("sealer"),
            Algorithm = config.File.Ledger.Signing == "ecdsa-p256" ? NoteAlgorithm.EcdsaP256 : NoteAlgorithm.Ed25519,
        });
        builder.Services.AddRetentionOf(config, identity.SourceOf("retention"));
        builder.Services.AddProjections().AddEmbeddedHome(new() { Folder = Path.Combine(config.DataFolder, "readmodels") });
        builder.Services.AddSingleton<HostTelemetry>();
        builder.Services.AddSingleton<PublishConfig>(p => p.GetRequiredService<GatewayConfigSource>().PublishAsync);
        builder.Services.AddSingleton(p => new ConfigReload(config, p.GetRequiredService<PublishConfig>(), p.GetRequiredService<HostTelemetry>()));
        builder.Services.AddOpenApi();

        var app = builder.Build();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGateway();
        app.MapLedgerApi();
        app.MapIntegrity();
        app.MapKeys();
        app.MapTools();
        app.MapReload();
        app.MapOpenApi();
        app.MapHealth();
        return app;
    }

    private static void AddRetentionOf(this IServiceCollection services, LoadedConfig config, string source)
    {
        var retention = config.File.Ledger.Retention;
        if (retention is { Age: null, Bytes: null })
        {
            return;
        }

        // Read models keep what they folded: they can say that a call was, and a rebuild folds what is left.
        services.AddRetention(_ => RetentionOf(config, source), (_, _) => new(0));
    }

    public static RetentionOptions RetentionOf(LoadedConfig config, string source) =>
        new() { Folder = config.DataFolder, Source = source, MaxAge = config.File.Ledger.Retention.Age, MaxBytes = config.File.Ledger.Retention.Bytes?.Bytes };

    private static void AddLedger(this IServiceCollection services, LedgerRoom room, LoadedConfig config)
    {
        var control = new ControlLog(room.Ledger, room.Ledger.Identity.SourceOf("host"), TimeProvider.System);
        services.AddSingleton(TimeProvider.System);

        // As instances: the room closes the ledger itself, after everything that still writes is gone.
        services.AddSingleton(room.Ledger).AddSingleton(room.Counters).AddSingleton<ILedgerWriter>(room.Ledger).AddSingleton<ILedgerReader>(room.Ledger);
        services.AddSingleton<IBlobStore>(new BlobFolder(config.DataFolder));
        services.AddSingleton(new ParkingLot(config.DataFolder, TimeProvider.System));
        services.AddSingleton(control);
        services.AddSingleton(new IntegrityFolder(config.DataFolder));
        services.AddSingleton(new AccessRecorder((actor, action, detail, cancellationToken) => control.TryAppendAsync(null, new AccessGranted(actor, action, detail), cancellationToken)));
    }
}
