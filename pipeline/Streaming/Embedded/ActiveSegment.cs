using Microsoft.Win32.SafeHandles;

namespace McpLedger.Streaming.Embedded;

/// <summary>The segment that is written to. Its room is set aside and zeroed before its first record, so that a sync has only the records to write.</summary>
internal sealed class ActiveSegment : IDisposable
{
    public const string PreparedName = "next.tmp";

    private const int Chunk = 1024 * 1024;

    private static readonly byte[] Zeros = new byte[Chunk];

    private readonly SafeFileHandle _file;
    private readonly Action<SafeFileHandle> _sync;

    private ActiveSegment(Segment segment, SafeFileHandle file, long size, long position, Action<SafeFileHandle> sync)
    {
        Segment = segment;
        _file = file;
        Size = size;
        Position = position;
        _sync = sync;
    }

    public Segment Segment { get; }

    public long Size { get; }

    /// <summary>Where the next group goes: everything below is durable.</summary>
    public long Position { get; private set; }

    public long Free => Size - Position;

    /// <summary>Sets a file of <paramref name="size"/> zeros aside in <paramref name="folder"/>, for <see cref="Create"/> to take.</summary>
    /// <exception cref="IOException">There is no room, or the disk refuses.</exception>
    public static void Prepare(string folder, long size)
    {
        var path = Path.Combine(folder, PreparedName);
        try
        {
            using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read);
            for (long at = 0; at < size; at += Chunk)
            {
                RandomAccess.Write(file, Zeros.AsSpan(0, (int)Math.Min(Chunk, size - at)), at);
            }

            DurableFile.Sync(file);
        }
        catch (IOException)
        {
            // Half a segment would only keep the little room there is.
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Begins a segment: when this returns, its file, header and name are durable.</summary>
    /// <exception cref="IOException">There is no room, or the disk refuses.</exception>
    public static ActiveSegment Create(string folder, in SegmentHeader header, Action<SafeFileHandle> sync)
    {
        var prepared = Path.Combine(folder, PreparedName);
        if (!File.Exists(prepared) || new FileInfo(prepared).Length != header.Size)
        {
            Prepare(folder, header.Size);
        }

        var segment = new Segment(Path.Combine(folder, SegmentFormat.FileName(header.BaseOffset)), header.BaseOffset);
        var file = File.OpenHandle(prepared, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            Span<byte> bytes = stackalloc byte[SegmentFormat.HeaderLength];
            SegmentFormat.WriteHeader(bytes, header);
            RandomAccess.Write(file, bytes, 0);
            sync(file);
            File.Move(prepared, segment.Path, overwrite: true);
            DurableFile.SyncFolder(folder);
            return new(segment, file, header.Size, SegmentFormat.HeaderLength, sync);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with a segment of an earlier boot.</summary>
    /// <exception cref="IOException">It cannot be opened to write.</exception>
    public static ActiveSegment Open(Segment segment, long size, long position, Action<SafeFileHandle> sync) =>
        new(segment, File.OpenHandle(segment.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete), size, position, sync);

    /// <summary>Writes a group behind the last one and returns once it is durable and its file still stands in its place.</summary>
    /// <exception cref="IOException">It could not be; the segment is not to be trusted behind <see cref="Position"/>.</exception>
    public void Append(ReadOnlySpan<byte> group)
    {
        RandomAccess.Write(_file, group, Position);
        _sync(_file);
        if (!DurableFile.Stands(Segment.Path))
        {
            throw new FileNotFoundException($"'{Segment.Path}' is gone.");
        }

        Position += group.Length;
    }

    /// <summary>Zeroes what a failed or torn write left behind <see cref="Position"/>.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Erase(long length)
    {
        for (long done = 0; done < length; done += Chunk)
        {
            RandomAccess.Write(_file, Zeros.AsSpan(0, (int)Math.Min(Chunk, length - done)), Position + done);
        }

        _sync(_file);
    }

    /// <summary>Gives the unused room back. Only after a next segment stands: a short segment without one counts as cut off.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void GiveBackRoom()
    {
        RandomAccess.SetLength(_file, Position);
        _sync(_file);
    }

    public void Dispose() => _file.Dispose();
}
