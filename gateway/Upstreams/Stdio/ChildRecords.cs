using System.Globalization;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>
/// One file per living child in a folder of this instance: boot id, process id, start time and server. What a killed gateway and its watch left behind is
/// ended at the next start, and only when all three still name the same process: ids are used again.
/// </summary>
internal sealed class ChildRecords
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";
    private readonly string _folder;
    private readonly string? _bootId;

    private readonly StdioTelemetry _telemetry;

    public ChildRecords(string folder, StdioTelemetry telemetry)
    {
        _folder = folder;
        _telemetry = telemetry;
        _bootId = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : null;
        Try(() => Directory.CreateDirectory(folder));
    }

    public void Add(int processId, string server)
    {
        if (_bootId is not null && ProcessStart.Of(processId) is { } started)
        {
            Try(() => File.WriteAllText(FileOf(processId), string.Create(CultureInfo.InvariantCulture, $"{_bootId} {processId} {started} {server}\n")));
        }
    }

    public void Remove(int processId) => Try(() => File.Delete(FileOf(processId)));

    /// <summary>Ends what an earlier run left behind, and forgets what is gone. Before any child of this run is started.</summary>
    public void EndStrays()
    {
        foreach (var file in Directory.Exists(_folder) ? Directory.GetFiles(_folder, "*.child") : [])
        {
            if (File.ReadAllText(file).Trim().Split(' ') is [var boot, var id, var started, var server]
                && boot == _bootId
                && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                && processId > 1
                && ProcessStart.Of(processId) == started)
            {
                ProcessGroup.ForceEnd(processId);
                _telemetry.StrayEnded(server, processId);
            }

            File.Delete(file);
        }
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk stops recording calls, which refuses them; it need not stop the process that is being ended.
            _telemetry.Unwatched(e.Message);
        }
    }

    private string FileOf(int processId) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{processId}.child"));
}
