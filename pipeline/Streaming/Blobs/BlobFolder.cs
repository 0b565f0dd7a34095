using System.Globalization;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Blobs;

/// <summary>Blobs as files named by their digest: <c>blobs/sha256/{first two digits}/{digest}</c>. A name stands only for whole and durable bytes.</summary>
/// <param name="dataFolder">The ledger's data folder.</param>
public sealed class BlobFolder(string dataFolder) : IBlobStore
{
    private readonly string _root = Path.Combine(dataFolder, "blobs", "sha256");
    private readonly string _unfinished = Path.Combine(dataFolder, "blobs", "unfinished");
    private long _made;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The digest is not that of the bytes.</exception>
    public ValueTask<bool> TryPutAsync(Digest sha256, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (Digest.Of(bytes.Span) != sha256)
        {
            throw new ArgumentException($"The bytes' digest is not {sha256}.", nameof(sha256));
        }

        // A copy, because the disk may still be at it when the caller has stopped to wait and reuses the buffer.
        var copy = bytes.ToArray();
        return new(Task.Run(() => TryPut(sha256, copy), CancellationToken.None).WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> GetAsync(Digest sha256, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(sha256, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads a blob; unlike <see cref="GetAsync"/> it tells one that is not there from one that cannot be read.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">It cannot be read, or its bytes are not what its digest says.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    internal async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(Digest sha256, CancellationToken cancellationToken)
    {
        var path = PathOf(sha256);
        try
        {
            var bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
            return Digest.Of(bytes) == sha256 ? bytes.AsMemory() : throw new IOException($"'{path}' holds other bytes than its name says.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Every blob that is kept, in no order.</summary>
    public IEnumerable<StoredBlob> List()
    {
        if (!Directory.Exists(_root))
        {
            yield break;
        }

        foreach (var file in new DirectoryInfo(_root).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (Digest.TryParse(file.Name, out var digest))
            {
                yield return new(digest, file.Length, new(file.LastWriteTimeUtc, TimeSpan.Zero));
            }
        }
    }

    /// <summary>Removes a blob, durably. Only for what no kept event refers to.</summary>
    /// <param name="sha256">Its digest.</param>
    /// <param name="before">One that was stored again at or after this moment stays: its new event may be unwritten yet.</param>
    /// <returns>False when there is none, or it stays.</returns>
    /// <exception cref="IOException">The disk refuses.</exception>
    public bool Delete(Digest sha256, DateTimeOffset before)
    {
        var path = PathOf(sha256);
        if (!File.Exists(path) || File.GetLastWriteTimeUtc(path) >= before.UtcDateTime)
        {
            return false;
        }

        File.Delete(path);
        DurableFile.SyncFolder(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>Where a blob lies, if it is there.</summary>
    internal string PathOf(Digest sha256)
    {
        var hex = sha256.ToString();
        return Path.Combine(_root, hex[..2], hex);
    }

    private bool TryPut(Digest sha256, byte[] bytes)
    {
        var path = PathOf(sha256);
        var folder = Path.GetDirectoryName(path)!;
        string? temporary = null;
        try
        {
            if (File.Exists(path) && Digest.Of(File.ReadAllBytes(path)) == sha256)
            {
                // Whoever made it may not have come to sync its name yet. Its time says when it was asked for last: retention goes by it.
                File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
                DurableFile.SyncFolder(folder);
                return true;
            }

            DurableFile.CreateFolder(folder);
            DurableFile.CreateFolder(_unfinished);
            temporary = Path.Combine(_unfinished, string.Create(CultureInfo.InvariantCulture, $"{sha256}.{Environment.ProcessId}.{Interlocked.Increment(ref _made)}"));
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, bytes, 0);
                DurableFile.Sync(file);
            }

            File.Move(temporary, path, overwrite: true);
            DurableFile.SyncFolder(folder);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryRemove(temporary);
            return false;
        }
    }

    private static void TryRemove(string? path)
    {
        try
        {
            if (path is not null)
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It lies where nobody looks for blobs; it only takes room.
        }
    }
}

/// <summary>A blob that is kept.</summary>
/// <param name="Sha256">Its digest.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Stored">When it was stored last.</param>
public readonly record struct StoredBlob(Digest Sha256, long Bytes, DateTimeOffset Stored);
