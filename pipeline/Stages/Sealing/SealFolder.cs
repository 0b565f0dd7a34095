using McpLedger.Streaming.Embedded;

namespace McpLedger.Stages.Sealing;

/// <summary>Files that are whole or absent, whenever the machine stops. Each step is announced first, so that a test can stop there.</summary>
internal sealed class SealFolder(string root, Action<string> beforeStep)
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public string Root => root;

    public ReadOnlyMemory<byte>? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(root, path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        beforeStep("replace " + path);
        var full = Path.Combine(root, path);
        DurableFile.CreateFolder(Path.GetDirectoryName(full)!);
        DurableFile.Replace(full, bytes, Readable);
        beforeStep("replaced " + path);
    }

    /// <summary>Writes many files that never change: one that exists must have the same content. All are durable when this returns.</summary>
    /// <exception cref="IOException">The disk refuses, or a file exists with other content.</exception>
    public void WriteAll(IReadOnlyList<(string Path, ReadOnlyMemory<byte> Bytes)> files)
    {
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, _) in files)
        {
            if (folders.Add(Path.GetDirectoryName(Path.Combine(root, path))!))
            {
                DurableFile.CreateFolder(Path.GetDirectoryName(Path.Combine(root, path))!);
            }
        }

        foreach (var (path, bytes) in files)
        {
            beforeStep("write " + path);
            var full = Path.Combine(root, path);
            if (Read(path) is { } found)
            {
                if (!found.Span.SequenceEqual(bytes.Span))
                {
                    throw new IOException($"'{full}' is there with other content than the tree has: it was altered, or two trees are being written.");
                }

                continue;
            }

            using (var file = File.OpenHandle(full + ".tmp", FileMode.Create, FileAccess.Write))
            {
                RandomAccess.Write(file, bytes.Span, 0);
                DurableFile.Sync(file);
            }

            beforeStep("rename " + path);
            File.Move(full + ".tmp", full, overwrite: true);
        }

        foreach (var folder in folders)
        {
            beforeStep("sync " + folder);
            DurableFile.SyncFolder(folder);
        }
    }

    public void DeleteFolder(string path)
    {
        beforeStep("delete " + path);
        var full = Path.Combine(root, path);
        if (Directory.Exists(full))
        {
            Directory.Delete(full, recursive: true);
        }
    }
}
