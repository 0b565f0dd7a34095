using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace McpLedger.Streaming.Embedded;

/// <summary>What makes bytes, names and folders survive a crash of the machine.</summary>
public static partial class DurableFile
{
    private const int Interrupted = 4;
    private const int Exists = 17;
    private const int Existence = 0;
    private const int CloseOnExec = 0x80000;

    /// <summary>Makes a file's bytes durable, not its times: on Linux <c>fdatasync</c>, elsewhere the runtime's full flush.</summary>
    /// <exception cref="IOException">The disk refused. What was written since the last success may be lost.</exception>
    public static void Sync(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (Native.FDataSync(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
            {
                throw new IOException($"fdatasync failed: {Marshal.GetPInvokeErrorMessage(error)}", error);
            }
        }
    }

    /// <summary>
    /// Whether a file stands under a name, without asking for its times. Linux gives a file whose times were asked for since its last write a time of its own
    /// at the next one (multigrain timestamps), and <c>fdatasync</c> then writes the inode beside the data: half as much again to the disk for each group.
    /// </summary>
    public static bool Stands(string path) => OperatingSystem.IsLinux() ? Native.Access(path, Existence) == 0 : File.Exists(path);

    /// <summary>Makes the names in a folder durable: files made, renamed or removed there.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void SyncFolder(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var folder = Native.Open(path, CloseOnExec);
        if (folder.IsInvalid || Native.FSync(folder) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException($"Folder '{path}' could not be synced: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }

    /// <summary>Makes a folder and those above it, durably.</summary>
    public static void CreateFolder(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            return;
        }

        if (Path.GetDirectoryName(full) is { Length: > 0 } parent)
        {
            CreateFolder(parent);
            Directory.CreateDirectory(full);
            SyncFolder(parent);
        }
    }

    /// <summary>Makes a file with its whole content where none stands: of several processes that try at once, on one machine or a shared folder, one succeeds.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="mode">Permissions on Unix.</param>
    /// <returns>False where a file stands already; it is left as it is.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var temporary = TemporaryOf(path);
        try
        {
            Write(temporary, content, mode);
            if (!TryName(temporary, path))
            {
                return false;
            }
        }
        finally
        {
            File.Delete(temporary);
        }

        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return true;
    }

    /// <summary>Replaces a file's whole content: after a crash there is the old content or the new, never a mixture.</summary>
    /// <param name="path">The file; it need not exist.</param>
    /// <param name="content">Its new bytes.</param>
    /// <param name="mode">Permissions on Unix.</param>
    /// <exception cref="IOException">The disk refused; the old content stands.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var temporary = TemporaryOf(path);
        try
        {
            Write(temporary, content, mode);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    // A name of its own: of two that write a file at once, the first one would take the other's away.
    private static string TemporaryOf(string path) => $"{path}.{RandomNumberGenerator.GetHexString(16)}.tmp";

    private static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var file = new FileStream(path, options);
        RandomAccess.Write(file.SafeFileHandle, content, 0);
        Sync(file.SafeFileHandle);
    }

    // On Unix the runtime's move looks first and renames then, so of two that move at once the later one wins; link(2) refuses a name that is taken.
    private static bool TryName(string file, string name)
    {
        if (!OperatingSystem.IsWindows())
        {
            if (Native.Link(file, name) == 0)
            {
                return true;
            }

            if (Marshal.GetLastPInvokeError() == Exists)
            {
                return false;
            }
        }

        try
        {
            // Unix comes here where the file system has no hard links.
            File.Move(file, name, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(name))
        {
            return false;
        }
    }

    internal static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int FDataSync(SafeFileHandle file);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int FSync(SafeFileHandle file);

        [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Link(string file, string name);

        [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Access(string path, int mode);

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial SafeFileHandle Open(string path, int flags);
    }
}
