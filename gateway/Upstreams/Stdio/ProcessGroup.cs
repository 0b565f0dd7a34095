using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>A child and everything it started. On Linux a session of its own that signals reach as a whole; elsewhere the tree that the runtime can see.</summary>
internal static partial class ProcessGroup
{
    private const int Terminate = 15;
    private const int Kill = 9;

    /// <summary>Path of <c>setsid</c> (util-linux), which makes the child the leader of a session; null where there is none.</summary>
    public static string? Setsid { get; } = OperatingSystem.IsLinux() ? CommandPath.Find("setsid", "/usr/bin:/bin", null) : null;

    /// <summary>Asks the group to end. Systems without signals have no such request: there it is ended at once.</summary>
    public static void RequestEnd(Process leader, int id) => Signal(leader, id, Terminate);

    /// <summary>Ends the group.</summary>
    public static void ForceEnd(Process leader, int id) => Signal(leader, id, Kill);

    /// <summary>Ends a group of which only the number is known; the caller knows that its leader lives.</summary>
    public static void ForceEnd(int id)
    {
        // A child that started a moment ago leads no group yet, and is told itself.
        if (OperatingSystem.IsLinux() && SendSignal(-id, Kill) != 0)
        {
            _ = SendSignal(id, Kill);
        }
    }

    private static void Signal(Process leader, int id, int signal)
    {
        // Members outlive their leader, so the group is told whether or not the leader lives.
        if (Setsid is not null && SendSignal(-id, signal) == 0)
        {
            return;
        }

        try
        {
            // No such group: it ended, which is the good outcome, or it started a moment ago and leads none yet.
            leader.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException or NotSupportedException)
        {
            // It ended by itself in between.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int pid, int signal);
}
