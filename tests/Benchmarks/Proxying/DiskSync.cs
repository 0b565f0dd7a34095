using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace McpLedger.Benchmarks.Proxying;

/// <summary>What one fdatasync costs on the disk that holds the ledger: the price that no recording gets below.</summary>
internal static partial class DiskSync
{
    private const int FileBytes = 4 * 1024 * 1024;
    private const int WriteBytes = 4096;

    /// <summary>The times of <paramref name="count"/> writes of 4 KiB into a file of zeros, each followed by fdatasync, ascending, in milliseconds.</summary>
    public static double[] Measure(string folder, int count)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "sync-probe");
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
        RandomAccess.Write(file, new byte[FileBytes], 0);
        Sync(file);
        var bytes = new byte[WriteBytes];
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            Random.Shared.NextBytes(bytes);
            var began = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, bytes, (long)i * WriteBytes % FileBytes);
            Sync(file);
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.Sort(times);
        return times;
    }

    private static void Sync(SafeFileHandle file)
    {
        if (FDataSync(file) != 0)
        {
            throw new IOException($"fdatasync failed: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FDataSync(SafeFileHandle file);
}
