using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace McpLedger.Streaming.Embedded;

/// <summary>One writer to a folder. The lock is the system's own on an open file, so that of a dead process is gone; the file's content only says who.</summary>
public sealed class FolderLock : IDisposable
{
    private const string LockName = "lock";
    private const string OwnerName = "lock.owner";

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Takes the lock of <c>{folder}/lock</c>.</summary>
    /// <returns>Null, with who holds it, when another process does.</returns>
    /// <exception cref="IOException">The folder is missing or cannot be written to.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The file belongs to the lock.")]
    public static FolderLock? TryTake(string folder, out string? holder)
    {
        if (TryOpen(folder, out holder) is not { } file)
        {
            return null;
        }

        try
        {
            // It is held by now: a disk that refuses here is no other process.
            File.WriteAllText(Path.Combine(folder, OwnerName), string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"));
            return new(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Id of the process that took the lock of <paramref name="folder"/> last, as text; null when nobody did.</summary>
    public static string? OwnerOf(string folder)
    {
        var path = Path.Combine(folder, OwnerName);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static FileStream? TryOpen(string folder, out string? holder)
    {
        holder = null;
        var path = Path.Combine(folder, LockName);
        var existed = File.Exists(path);
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException) when (existed && OwnerOf(folder) is { } owner && !IsReadOnly(path))
        {
            holder = owner;
            return null;
        }
    }

    private static bool IsReadOnly(string path)
    {
        try
        {
            using var probe = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException e)
        {
            // Sharing violations carry EWOULDBLOCK; a read-only file system answers EROFS.
            const int ReadOnlyFileSystem = 30;
            return e.HResult == ReadOnlyFileSystem;
        }
    }
}
