using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using McpLedger.Gateway.Upstreams.Stdio;
using McpLedger.Host.Access;
using McpLedger.Host.Output;

namespace McpLedger.Host.Running;

/// <summary>Where the instance that has a data folder open can be reached; a file that only the folder's owner can read.</summary>
/// <param name="Url">Base address.</param>
/// <param name="Process">Its process id.</param>
/// <param name="Certificate">SHA-256 of its certificate, so that the command line knows it without a public authority; null without TLS.</param>
/// <param name="Config">Its configuration file.</param>
internal sealed record RunningInstance(Uri Url, int Process, string? Certificate, string Config)
{
    /// <summary>When its process began, in this machine's own terms: a process id is given out again, and in a container every program is the first.</summary>
    public string? Began { get; init; }

    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, "access", "instance.json");

    /// <summary>The instance that this process is.</summary>
    public static RunningInstance OfThisProcess(Uri url, string? certificate, string config)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new(url, process.Id, certificate, config) { Began = BeganOf(process) };
    }

    public void Announce(string dataFolder) => PrivateFile.Write(PathIn(dataFolder), JsonSerializer.SerializeToUtf8Bytes(this, Terminal.JsonForm));

    /// <returns>Null when none runs: there is no file, or the process that wrote it is gone. Who asks is none.</returns>
    public static RunningInstance? Find(string dataFolder)
    {
        try
        {
            var read = JsonSerializer.Deserialize<RunningInstance>(File.ReadAllBytes(PathIn(dataFolder)), Terminal.JsonForm);
            if (read!.Process == Environment.ProcessId)
            {
                return null;
            }

            using var process = System.Diagnostics.Process.GetProcessById(read.Process);
            return !process.HasExited && BeganOf(process) == read.Began ? read : null;
        }
        catch (Exception e) when (e is IOException or ArgumentException or JsonException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    public static void Withdraw(string dataFolder) => File.Delete(PathIn(dataFolder));

    private static string? BeganOf(Process process) =>
        OperatingSystem.IsLinux() ? ProcessStart.Of(process.Id) : process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
}
