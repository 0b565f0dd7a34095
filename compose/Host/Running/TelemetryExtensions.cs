using McpLedger.Host.Configuration;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace McpLedger.Host.Running;

/// <summary>Logs to the console always; metrics, traces and logs over OTLP where the configuration or the environment names an endpoint.</summary>
internal static class TelemetryExtensions
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static ILoggingBuilder AddConsoleLines(this ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);

        // The framework says in four lines what AccessTelemetry says in one.
        logging.AddFilter("McpLedger.Host.Access.TokenAuthentication", LogLevel.None);
        logging.AddFilter("Yarp", LogLevel.Warning);
        logging.AddFilter("ModelContextProtocol", LogLevel.Warning);

        // Standard output belongs to what a verb answers.
        logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            o.UseUtcTimestamp = true;
        });
        return logging;
    }

    /// <summary>The spans of the process, without what addresses may hold.</summary>
    public static TracerProviderBuilder AddSpans(this TracerProviderBuilder tracing) =>
        tracing.AddSource("McpLedger.*").AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddProcessor(static _ => new ClientSpans());

    public static void AddOtlp(this WebApplicationBuilder builder, LoadedConfig config, string instance, HostRoles roles)
    {
        var endpoint = config.File.Telemetry.Otlp;
        if (endpoint is null && Environment.GetEnvironmentVariable(EndpointVariable) is null)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService("mcpledger", serviceVersion: UpHost.Version, serviceInstanceId: instance).AddAttributes([new("mcpledger.role", roles.Written())]))
            .WithMetrics(m => m.AddMeter("McpLedger.*").AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation())
            .WithTracing(t => t.AddSpans())
            .WithLogging();
        _ = endpoint is null ? telemetry.UseOtlpExporter() : telemetry.UseOtlpExporter(OpenTelemetry.Exporter.OtlpExportProtocol.Grpc, endpoint);
    }
}
