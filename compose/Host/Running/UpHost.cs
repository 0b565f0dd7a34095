using McpLedger.Contracts.Events;
using McpLedger.Host.Access;
using McpLedger.Host.Configuration;
using McpLedger.Projections.Api;
using McpLedger.Streaming;

namespace McpLedger.Host.Running;

/// <summary>Composes the roles of a process around an open ledger: each has a file of its own.</summary>
internal static class UpHost
{
    public static string Version { get; } = typeof(UpHost).Assembly.GetName().Version!.ToString(3);

    public static WebApplication Build(LoadedConfig config, LedgerRoom room, HostRoles roles, TlsCertificate? certificate)
    {
        var identity = room.Ledger.Identity;

        // Empty, not slim: the slim builder watches the content root for changed settings files, and a ledger below it makes that watcher burn CPU on every append.
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddConsoleLines();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listening.Configure(kestrel, config, kestrel.ApplicationServices.GetService<ServedCertificate>()));
        builder.Services.Configure<HostOptions>(Ending.Configure);
        builder.Services.AddRoutingCore();
        builder.AddOtlp(config, identity.Instance, roles);
        builder.Services.AddLedger(room);
        builder.Services.AddAccess(AdminToken.Open(config.DataFolder), config.File.Ledger.StaleAfter);
        builder.Services.AddSingleton<HostTelemetry>().AddSingleton<Drain>().AddSingleton<IHostLifetime>(static s => s.GetRequiredService<Drain>());
        if (certificate is not null)
        {
            builder.Services.AddSingleton(p => new ServedCertificate(certificate, p.GetRequiredService<HostTelemetry>()));
        }

        if (roles.HasFlag(HostRoles.Gateway))
        {
            builder.Services.AddGatewayRole(config, roles, identity);
        }

        if (roles.HasFlag(HostRoles.Pipeline))
        {
            builder.Services.AddPipelineRole(config, identity);
        }

        if (HasDamageDesk(roles))
        {
            builder.Services.AddSingleton(DamagedFiles.Of(room.Ledger)).AddSingleton<DamageDesk>();
        }

        if (roles.HasFlag(HostRoles.Projections))
        {
            builder.Services.AddProjectionsRole(config, roles, identity, room.BlobTopic);
        }

        builder.Services.AddApiDescription(roles);
        builder.Services.Configure<RouteHandlerOptions>(static o => o.ThrowOnBadRequest = true);
        var app = builder.Build();
        room.Logs.ForwardTo(app.Services);
        var drain = app.Services.GetRequiredService<Drain>();
        app.Use(next => context => drain.SayGoodbyeAsync(context, next));
        app.UseApiFaults(roles);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapHealth();
        app.MapFrontPage(roles);
        app.MapOpenApi();
        if (roles.HasFlag(HostRoles.Gateway))
        {
            app.MapGatewayRole();
        }
        else
        {
            app.MapNoReload(roles);
        }

        if (roles.HasFlag(HostRoles.Pipeline))
        {
            app.MapPipelineRole(config);
        }

        if (HasDamageDesk(roles))
        {
            app.MapDamage();
        }

        if (roles.HasFlag(HostRoles.Projections))
        {
            app.MapProjectionsRole();
        }

        return app;
    }

    // What can be damaged lies with whoever writes calls: the ledger's files in one process, the spool of a gateway.
    private static bool HasDamageDesk(HostRoles roles) => (roles & (HostRoles.Gateway | HostRoles.Pipeline)) != HostRoles.None;

    private static void AddLedger(this IServiceCollection services, LedgerRoom room)
    {
        var control = new ControlLog(room.Ledger, room.Ledger.Identity.SourceOf("host"), TimeProvider.System);
        services.AddSingleton(TimeProvider.System);

        // As instances: the room closes the ledger itself, after everything that still writes is gone.
        services.AddSingleton(room.Ledger).AddSingleton(room.Ledger.Counters).AddSingleton<ILedgerWriter>(room.Ledger).AddSingleton<ILedgerReader>(room.Ledger);
        services.AddSingleton(room.Blobs);
        services.AddSingleton(room.Parking);
        if (room.Shares is { } shares)
        {
            services.AddSingleton(shares);
        }

        services.AddSingleton(control);
        services.AddSingleton(new AccessRecorder((actor, action, detail, cancellationToken) => control.TryAppendAsync(null, new AccessGranted(actor, action, detail), cancellationToken)));
    }
}
