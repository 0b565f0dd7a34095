using System.Diagnostics;

namespace McpLedger.Host.Demo;

/// <summary>A program that the demonstration starts and ends; what it says goes to a file.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProgram(Process process, string log)
    {
        _process = process;
        _log = new(log, append: false) { AutoFlush = true };
    }

    /// <summary>The first line it printed; fails when it ends before.</summary>
    public Task<string> FirstLine => _firstLine.Task;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program of ours that lies beside this one.</summary>
    public static ChildProgram Start(string program, string log, params string[] arguments)
    {
        var child = new ChildProgram(new Process { StartInfo = StartOf(program, arguments), EnableRaisingEvents = true }, log);
        child._process.OutputDataReceived += (_, line) => child.Said(line.Data);
        child._process.ErrorDataReceived += (_, line) => child.Log(line.Data);
        child._process.Exited += (_, _) => child._firstLine.TrySetException(new IOException($"{program} ended at once; see {log}"));
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a verb of this program to its end.</summary>
    /// <returns>Its exit code and everything it printed.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = StartOf(program, arguments) };
        process.Start();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, (await output + await errors).TrimEnd());
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await EndAsync();
        }

        _process.Dispose();
        await _log.DisposeAsync();
    }

    /// <summary>Asks it to end as an operator would, and insists when it does not.</summary>
    private async Task EndAsync()
    {
        if (!OperatingSystem.IsWindows())
        {
            using var signal = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await _process.WaitForExitAsync().WaitAsync(Grace).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    private static ProcessStartInfo StartOf(string program, IEnumerable<string> arguments) =>
        new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };

    private void Said(string? line)
    {
        if (line is not null)
        {
            Log(line);
            _firstLine.TrySetResult(line);
        }
    }

    private void Log(string? line)
    {
        if (line is not null)
        {
            lock (_gate)
            {
                _log.WriteLine(line);
            }
        }
    }
}
