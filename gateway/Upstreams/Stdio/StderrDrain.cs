using System.Runtime.InteropServices;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>Reads a child's stderr so that it never blocks, and shows a bounded part of it: its free-form log (MCP, stdio), which may hold anything.</summary>
internal static class StderrDrain
{
    private const int MaxShown = 512;
    private const int LinesPerSecond = 20;

    // A key file may stand in one line; a secret is known by its end, too.
    private const int MaxRead = 16 * 1024;

    public static async Task RunAsync(Stream source, string server, int processId, StdioTelemetry telemetry, TimeProvider time, CancellationToken over)
    {
        var buffer = new byte[4096];
        var line = new List<byte>(MaxShown);
        var lines = new LogLines();
        var window = time.GetTimestamp();
        var shown = 0;
        var skipped = 0L;
        while (await ReadAsync(source, buffer, over) is var count and > 0)
        {
            foreach (var value in buffer.AsSpan(0, count))
            {
                if (value != '\n')
                {
                    if (line.Count < MaxRead)
                    {
                        // Control characters could forge lines of our own log or move a terminal's cursor.
                        line.Add(value is < 0x20 or 0x7f ? (byte)' ' : value);
                    }

                    continue;
                }

                if (time.GetElapsedTime(window) >= TimeSpan.FromSeconds(1))
                {
                    Close();
                }

                if (shown < LinesPerSecond)
                {
                    shown++;
                    var text = lines.Next(CollectionsMarshal.AsSpan(line));
                    telemetry.StandardError(server, processId, text.Length <= MaxShown ? text : text[..MaxShown]);
                }
                else
                {
                    skipped++;
                    lines.Skip(CollectionsMarshal.AsSpan(line));
                }

                line.Clear();
            }
        }

        Close();

        void Close()
        {
            if (skipped > 0)
            {
                telemetry.StandardErrorSkipped(server, processId, skipped);
            }

            window = time.GetTimestamp();
            shown = 0;
            skipped = 0;
        }
    }

    private static async ValueTask<int> ReadAsync(Stream source, byte[] buffer, CancellationToken over)
    {
        try
        {
            return await source.ReadAsync(buffer, over);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            return 0;
        }
    }
}
