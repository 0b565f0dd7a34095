using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace McpLedger.Testing.Processes;

/// <summary>A process of a test: started, awaited until it says that it is ready, and gone with the test.</summary>
public sealed partial class Child : IAsyncDisposable
{
    private const int KeptLines = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Child(Process process) => _process = process;

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Exit code; only after the end.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>True after the end.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The last lines that it wrote, both streams.</summary>
    public string Output => string.Join('\n', _lines);

    /// <summary>Starts a program and returns once a line of its output is what <paramref name="ready"/> waits for, with that line.</summary>
    /// <exception cref="InvalidOperationException">It ended before, or never said so; the message carries its output.</exception>
    public static async Task<(Child Child, string Line)> StartAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, Func<string, bool> ready)
    {
        var child = Start(program, arguments, environment, ready);
        try
        {
            return (child, await child._ready.Task.WaitAsync(Patience));
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            var output = child.Output;
            await child.DisposeAsync();
            throw new InvalidOperationException($"{program} did not get ready: {output}", e);
        }
    }

    /// <summary>Starts a program and returns at once.</summary>
    public static Child Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, Func<string, bool> ready)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Remove("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var child = new Child(new() { StartInfo = start, EnableRaisingEvents = true });
        child._process.OutputDataReceived += (_, e) => child.Take(e.Data, ready);
        child._process.ErrorDataReceived += (_, e) => child.Take(e.Data, ready);
        child._process.Exited += (_, _) => child._ready.TrySetException(new InvalidOperationException("It ended."));
        child._ready.Task.ContinueWith(task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end and returns its exit code and the last lines of its output.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(string program, IEnumerable<string> arguments, TimeSpan longest, IReadOnlyDictionary<string, string?> environment)
    {
        await using var child = Start(program, arguments, environment, _ => false);
        var code = await child.WaitAsync(longest);
        return (code, child.Output);
    }

    /// <summary>SIGKILL: nothing of it runs on, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate()
    {
        if (SendSignal(_process.Id, 15) != 0)
        {
            throw new InvalidOperationException($"Process {_process.Id} could not be signalled.");
        }
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public async Task<int> StopAsync()
    {
        Terminate();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Waits for the end.</summary>
    public async Task<int> WaitAsync(TimeSpan longest)
    {
        await _process.WaitForExitAsync().WaitAsync(longest);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Take(string? line, Func<string, bool> ready)
    {
        if (line is null)
        {
            return;
        }

        _lines.Enqueue(line);
        while (_lines.Count > KeptLines)
        {
            _lines.TryDequeue(out _);
        }

        if (ready(line))
        {
            _ready.TrySetResult(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int process, int signal);
}
