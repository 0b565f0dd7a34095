namespace McpLedger.Host.Running;

/// <summary>What is said about the life of the process.</summary>
internal sealed partial class HostTelemetry(ILogger<HostTelemetry> logger)
{
    [LoggerMessage(4001, LogLevel.Information, "Serving {Servers} servers at {Url}, ledger {Folder}, recording {Mode}")]
    public partial void LogServing(int servers, string url, string folder, string mode);

    [LoggerMessage(4002, LogLevel.Information, "Configuration {Path} is in force, {Servers} servers ({By})")]
    public partial void LogReloaded(string path, int servers, string by);

    [LoggerMessage(4003, LogLevel.Error, "Configuration {Path} was refused, the old one stays in force: {Fault}")]
    public partial void LogRefused(string path, string fault);

    [LoggerMessage(4004, LogLevel.Warning, "{Key} changed in {Path}: it takes effect at the next start")]
    public partial void LogNeedsRestart(string key, string path);

    [LoggerMessage(4005, LogLevel.Error, "Configuration {Path} could not be put in force: the ledger cannot record it")]
    public partial void LogUnrecordable(string path);

    [LoggerMessage(4006, LogLevel.Information, "Ending: no longer ready, still serving for {Longest}")]
    public partial void LogDraining(TimeSpan longest);

    [LoggerMessage(4007, LogLevel.Error, "Configuration {Path} could not be taken, the old one stays in force")]
    public partial void LogFailed(Exception exception, string path);

    [LoggerMessage(4008, LogLevel.Information, "Certificate {Digest} is in force, good until {Until}")]
    public partial void LogCertificate(string digest, DateTimeOffset until);

    [LoggerMessage(4009, LogLevel.Error, "The certificate in {Path} could not be taken, the old one stays in force: {Reason}")]
    public partial void LogCertificateRefused(string path, string reason);
}
