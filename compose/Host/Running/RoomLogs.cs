using OpenTelemetry.Logs;

namespace McpLedger.Host.Running;

/// <summary>
/// What the ledger says about itself, on its way out of the process. It is opened before anything that could send it is made, since that needs the ledger's name: what is said
/// until then is kept, and said again once it can be sent. The console has it from the start, by the room's own loggers.
/// </summary>
internal sealed class RoomLogs : ILoggerProvider
{
    // An opening says a few lines; brokers that are away for a minute say some more.
    private const int MostKept = 256;

    private readonly Lock _gate = new();
    private Queue<Action<ILoggerProvider>>? _kept = [];
    private volatile ILoggerProvider? _to;

    public ILogger CreateLogger(string categoryName) => new Line(this, categoryName);

    /// <summary>Hands on what was kept and all that comes; without anybody to hand it to, keeps no more.</summary>
    public void ForwardTo(ILoggerProvider? provider)
    {
        lock (_gate)
        {
            while (provider is not null && _kept is { Count: > 0 } kept)
            {
                kept.Dequeue()(provider);
            }

            (_to, _kept) = (provider, null);
        }
    }

    /// <summary>Hands on to what sends over OTLP, where the application has that.</summary>
    public void ForwardTo(IServiceProvider services) => ForwardTo(services.GetServices<ILoggerProvider>().OfType<OpenTelemetryLoggerProvider>().FirstOrDefault());

    public void Dispose()
    {
        // What it hands on to is the application's.
    }

    private void Say(Action<ILoggerProvider> say)
    {
        if (_to is { } provider)
        {
            say(provider);
            return;
        }

        lock (_gate)
        {
            if (_to is { } found)
            {
                say(found);
            }
            else if (_kept is { Count: < MostKept } kept)
            {
                kept.Enqueue(say);
            }
        }
    }

    private sealed class Line(RoomLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Say(provider => provider.CreateLogger(category).Log(logLevel, eventId, state, exception, formatter));
    }
}
