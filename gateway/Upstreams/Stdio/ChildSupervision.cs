namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>What all children of one gateway share: who watches over them, where they are recorded, who tells of them, and the clock.</summary>
internal sealed class ChildSupervision : IDisposable
{
    /// <param name="folder">A folder of this instance alone, where its living children are recorded.</param>
    /// <param name="telemetry">Where children are told of.</param>
    /// <param name="time">The clock of grace periods.</param>
    public ChildSupervision(string folder, StdioTelemetry telemetry, TimeProvider time)
    {
        Telemetry = telemetry;
        Time = time;
        Records = new(folder, telemetry);
        Records.EndStrays();
        Watch = new(telemetry);
    }

    public StdioTelemetry Telemetry { get; }

    public TimeProvider Time { get; }

    public ChildRecords Records { get; }

    public GroupWatch Watch { get; }

    public void Dispose() => Watch.Dispose();
}
