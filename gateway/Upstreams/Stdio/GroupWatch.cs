using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>
/// One small shell beside the gateway that knows the process groups of its children and ends them when the gateway's end of a pipe closes, which the kernel
/// sees to even after <c>kill -9</c>. Linux only; elsewhere closed pipes and the records of <see cref="ChildRecords"/> have to do.
/// </summary>
internal sealed class GroupWatch(StdioTelemetry telemetry) : IDisposable
{
    // "+ id" and "- id" keep the list; the end of input is the end of the gateway.
    private const string Script =
        """
        exec >/dev/null 2>&1
        trap '' INT TERM HUP
        live=' '
        while read -r sign id; do
          case $sign in
            +) live="$live$id " ;;
            -) live="${live%%" $id "*} ${live#*" $id "}" ;;
          esac
        done
        for id in $live; do kill -s TERM -- "-$id" || kill -s TERM "$id"; left=1; done
        [ -n "$left" ] && sleep 2
        for id in $live; do kill -s KILL -- "-$id" || kill -s KILL "$id"; done
        """;

    private readonly Lock _lock = new();
    private Process? _shell;
    private bool _isOver;

    public void Add(int group) => Tell('+', group);

    public void Remove(int group) => Tell('-', group);

    public void Dispose()
    {
        lock (_lock)
        {
            if (_shell is { } shell)
            {
                _shell = null;
                shell.StandardInput.BaseStream.Dispose();
                shell.Dispose();
            }

            _isOver = true;
        }
    }

    private void Tell(char sign, int group)
    {
        lock (_lock)
        {
            if (_isOver || (_shell ??= Start()) is not { } shell)
            {
                return;
            }

            try
            {
                shell.StandardInput.BaseStream.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{sign} {group}\n")));
                shell.StandardInput.BaseStream.Flush();
            }
            catch (IOException e)
            {
                _isOver = true;
                telemetry.Unwatched(e.Message);
            }
        }
    }

    private Process? Start()
    {
        if (ProcessGroup.Setsid is not { } setsid || CommandPath.Find("sh", "/bin:/usr/bin", null) is not { } sh)
        {
            _isOver = true;
            telemetry.Unwatched("This system has no setsid or no sh to watch over them.");
            return null;
        }

        var start = new ProcessStartInfo(setsid) { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var argument in new[] { sh, "-c", Script })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception e)
        {
            _isOver = true;
            telemetry.Unwatched(e.Message);
            return null;
        }
    }
}
