using System.Diagnostics;

namespace McpLedger.Testing.Ledgers;

/// <summary>A real file system of a few megabytes (tmpfs), so that a full disk is a full disk. Needs the right to mount.</summary>
public sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>Mounts one.</summary>
    /// <param name="megabytes">Its size.</param>
    /// <param name="reason">Why it cannot be had here.</param>
    /// <returns>Null where mounting is not permitted.</returns>
    public static SmallDisk? TryMount(int megabytes, out string? reason)
    {
        var path = Directory.CreateTempSubdirectory("mcpledger-disk-").FullName;
        reason = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path);
        return reason is null ? new(path) : null;
    }

    /// <summary>Takes all the room that is left.</summary>
    public void Fill()
    {
        using var file = File.OpenHandle(System.IO.Path.Combine(Path, "ballast"), FileMode.Create, FileAccess.Write);
        var chunk = new byte[4096];
        try
        {
            for (long at = 0; ; at += chunk.Length)
            {
                RandomAccess.Write(file, chunk, at);
            }
        }
        catch (IOException)
        {
            // Full is what was wanted.
        }
    }

    /// <summary>Gives the room that <see cref="Fill"/> took back.</summary>
    public void Free() => File.Delete(System.IO.Path.Combine(Path, "ballast"));

    /// <summary>Makes it read-only, or writable again.</summary>
    /// <returns>Null, or why it could not be.</returns>
    public string? Remount(bool readOnly) => Run("mount", "-o", readOnly ? "remount,ro" : "remount,rw", Path);

    /// <inheritdoc/>
    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
    }

    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
