using System.Text.Json;
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
    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, "access", "instance.json");

    public void Announce(string dataFolder) => PrivateFile.Write(PathIn(dataFolder), JsonSerializer.SerializeToUtf8Bytes(this, Terminal.JsonForm));

    /// <returns>Null when none runs: there is no file, or the process that wrote it is gone.</returns>
    public static RunningInstance? Find(string dataFolder)
    {
        try
        {
            var read = JsonSerializer.Deserialize<RunningInstance>(File.ReadAllBytes(PathIn(dataFolder)), Terminal.JsonForm);
            using var process = System.Diagnostics.Process.GetProcessById(read!.Process);
            return process.HasExited ? null : read;
        }
        catch (Exception e) when (e is IOException or ArgumentException or JsonException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }

    public static void Withdraw(string dataFolder) => File.Delete(PathIn(dataFolder));
}
