using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>
/// One running stdio server: started without a shell from the configuration only, with the environment the configuration gives it, and ended as the
/// specification says: close stdin, wait, SIGTERM, wait, SIGKILL, each to the whole group.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // A descendant that left the group still holds the pipes; what the child itself wrote is read by then.
    private static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(1);
    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TMPDIR"];
    private readonly Process _process;
    private readonly string _server;
    private readonly StdioConfig _config;
    private readonly ChildSupervision _supervision;
    [SuppressMessage("Usage", "CA2213", Justification = "Disposed when the child has ended.")]
    private readonly CancellationTokenSource _over;
    private readonly Task _stderr;
    private readonly Lazy<Task> _disposal;
    private readonly long _started;
    private volatile string _how = "by itself";

    private ChildProcess(Process process, string server, StdioConfig config, ChildSupervision supervision)
    {
        _process = process;
        _server = server;
        _config = config;
        _supervision = supervision;
        _started = supervision.Time.GetTimestamp();
        Id = process.Id;
        supervision.Watch.Add(Id);
        supervision.Records.Add(Id, server);
        _disposal = new(EndAsync);
        _over = new(Timeout.InfiniteTimeSpan, supervision.Time);
        Over = _over.Token;
        _stderr = StderrDrain.RunAsync(process.StandardError.BaseStream, server, Id, supervision.Telemetry, supervision.Time, Over);
        Exited = WaitAsync();
    }

    public int Id { get; }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Cancelled shortly after the child is gone: whoever else holds its pipes is not waited for.</summary>
    public CancellationToken Over { get; }

    /// <summary>Completes with the exit code once the child is gone and its group with it.</summary>
    public Task<int> Exited { get; }

    /// <summary>Starts a child; gives the fault when it cannot be started.</summary>
    public static ChildProcess? Start(string server, StdioConfig config, ChildSupervision supervision, out BridgeFault? fault)
    {
        var environment = EnvironmentOf(config);
        var program = CommandPath.Find(config.Command, environment.GetValueOrDefault("PATH") ?? "/usr/local/bin:/usr/bin:/bin", config.WorkingDirectory);
        if (program is null)
        {
            fault = new(502, $"The command of server \"{server}\" cannot be found: {config.Command}. Install it, or give its full path in the configuration.");
            supervision.Telemetry.NotStarted(server, fault.Reason);
            return null;
        }

        try
        {
            var process = Process.Start(StartOf(program, config, environment))!;
            supervision.Telemetry.Started(server, process.Id, program);
            fault = null;
            return new(process, server, config, supervision);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            fault = new(502, $"The command of server \"{server}\" cannot be started: {e.Message}");
            supervision.Telemetry.NotStarted(server, fault.Reason);
            return null;
        }
    }

    /// <summary>Ends the child at once: it can no longer be spoken to.</summary>
    public void ForceEnd()
    {
        _how = "killed";
        ProcessGroup.ForceEnd(_process, Id);
    }

    public ValueTask DisposeAsync() => new(_disposal.Value);

    private static Dictionary<string, string?> EnvironmentOf(StdioConfig config)
    {
        var environment = Inherited.ToDictionary(name => name, Environment.GetEnvironmentVariable, StringComparer.Ordinal);
        if (OperatingSystem.IsWindows())
        {
            // Programs on Windows do not start without it.
            environment["SystemRoot"] = Environment.GetEnvironmentVariable("SystemRoot");
        }

        foreach (var (name, value) in config.Environment)
        {
            environment[name] = value;
        }

        return environment;
    }

    private static ProcessStartInfo StartOf(string program, StdioConfig config, Dictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(ProcessGroup.Setsid ?? program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = config.WorkingDirectory ?? "",
        };
        if (ProcessGroup.Setsid is not null)
        {
            start.ArgumentList.Add(program);
        }

        foreach (var argument in config.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in environment.Where(variable => variable.Value is not null))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();

        // What the child had started loses its reason to live, and would hold the pipes open.
        if (ProcessGroup.Setsid is not null)
        {
            ProcessGroup.ForceEnd(_process, Id);
        }

        _over.CancelAfter(PipeGrace);
        _supervision.Watch.Remove(Id);
        _supervision.Records.Remove(Id);
        _supervision.Telemetry.Ended(_server, Id, _process.ExitCode, _how, _supervision.Time.GetElapsedTime(_started));
        return _process.ExitCode;
    }

    private async Task EndAsync()
    {
        if (!Exited.IsCompleted)
        {
            _how = "stdin closed";
            Close(Input);
            if (!await IsGoneAsync())
            {
                _how = "terminated";
                ProcessGroup.RequestEnd(_process, Id);
                if (!await IsGoneAsync())
                {
                    ForceEnd();
                }
            }
        }

        await Exited;
        Close(Input);
        await _stderr;
        await _over.CancelAsync();
        _over.Dispose();
        _process.Dispose();
    }

    private async Task<bool> IsGoneAsync()
    {
        try
        {
            await Exited.WaitAsync(_config.ShutdownGrace, _supervision.Time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static void Close(Stream stream)
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
            // Bytes that the child never read are of no use to it now.
        }
    }
}
