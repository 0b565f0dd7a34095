using System.Collections.Immutable;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>The segments of one partition as readers see them: whole records below a durable end.</summary>
internal sealed class PartitionLog(LedgerPartition partition, string folder)
{
    private readonly Lock _gate = new();
    private ImmutableArray<Segment> _segments = [];
    private long _end;
    private long _endPosition;
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _awaited;

    public LedgerPartition Partition { get; } = partition;

    public string Folder { get; } = folder;

    /// <summary>Damage that readers step over.</summary>
    public AcceptedDamage Accepted { get; } = new(partition, folder);

    public ImmutableArray<Segment> Segments
    {
        get
        {
            lock (_gate)
            {
                return _segments;
            }
        }
    }

    /// <summary>Where the end lies in the last segment.</summary>
    public long EndPosition
    {
        get
        {
            lock (_gate)
            {
                return _endPosition;
            }
        }
    }

    /// <summary>What is broken at the end, for one who follows another process's writes.</summary>
    public string? TailDamage { get; private set; }

    public LedgerBounds Bounds
    {
        get
        {
            lock (_gate)
            {
                return new(_segments.IsEmpty ? _end : _segments[0].BaseOffset, _end);
            }
        }
    }

    /// <summary>The segment files in the folder, by offset.</summary>
    public static IEnumerable<Segment> List(string folder) =>
        !Directory.Exists(folder) ? [] :
        from path in Directory.EnumerateFiles(folder, "*" + SegmentFormat.Extension)
        let known = SegmentFormat.TryReadFileName(path, out var offset) ? offset : -1
        where known >= 0
        orderby known
        select new Segment(path, known);

    /// <summary>Looks at the folder again, for one who follows another process's writes.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public void LookAgain()
    {
        // A writer may write or begin a segment while this looks; what is damage is still so at the next look.
        const int Looks = 3;
        var before = (End: -1L, Last: -1L);
        for (var look = 0; look < Looks; look++)
        {
            Look();
            var now = (Bounds.End, Segments.IsEmpty ? -1 : Segments[^1].BaseOffset);
            if (TailDamage is null || now == before)
            {
                return;
            }

            before = now;
        }
    }

    /// <summary>Everything below <paramref name="end"/>, which lies at <paramref name="position"/> of the last segment, is durable.</summary>
    public void Publish(long end, long position)
    {
        TaskCompletionSource? wake;
        lock (_gate)
        {
            wake = Move(_segments, end, position);
        }

        wake?.SetResult();
    }

    /// <summary>Takes segments and end as they were found in the folder.</summary>
    public void Load(IEnumerable<Segment> segments, long end, long position)
    {
        TaskCompletionSource? wake;
        lock (_gate)
        {
            wake = Move([.. segments], end, position);
        }

        wake?.SetResult();
    }

    public void Add(Segment segment, long position)
    {
        lock (_gate)
        {
            _segments = [.. _segments.Where(s => s.BaseOffset != segment.BaseOffset), segment];
            _end = segment.BaseOffset;
            _endPosition = position;
        }
    }

    public void Remove(Segment segment)
    {
        lock (_gate)
        {
            _segments = _segments.Remove(segment);
        }
    }

    /// <summary>Bytes of the files, without the room of the last one that is not written yet.</summary>
    public long RecordBytes()
    {
        ImmutableArray<Segment> segments;
        long position;
        lock (_gate)
        {
            (segments, position) = (_segments, _endPosition);
        }

        return segments.Length == 0 ? 0 : segments[..^1].Sum(static s => new FileInfo(s.Path) is { Exists: true } file ? file.Length : 0) + position;
    }

    /// <summary>Bytes that records from <paramref name="offset"/> on take, to the nearest entry of the index before it.</summary>
    public long RecordBytesFrom(long offset)
    {
        ImmutableArray<Segment> segments;
        long position;
        lock (_gate)
        {
            (segments, position) = (_segments, _endPosition);
        }

        var bytes = 0L;
        for (var i = segments.Length - 1; i >= 0 && (i == segments.Length - 1 || segments[i + 1].BaseOffset > offset); i--)
        {
            var to = i == segments.Length - 1 ? position : new FileInfo(segments[i].Path) is { Exists: true } file ? file.Length : 0;
            bytes += Math.Max(0, to - (segments[i].BaseOffset <= offset ? segments[i].Before(offset).Position : SegmentFormat.HeaderLength));
        }

        return bytes;
    }

    public async ValueTask WaitAsync(long from, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task grown;
            lock (_gate)
            {
                if (_end > from)
                {
                    return;
                }

                _awaited = true;
                grown = _grown.Task;
            }

            await grown.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public ReadBatch Read(long from, int maxBytes)
    {
        SegmentReader reader;
        lock (_gate)
        {
            reader = new(Partition, _segments, _end, _endPosition, Accepted);
        }

        return reader.Read(from, maxBytes);
    }

    /// <summary>Finds the damage that nobody accepted.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IReadOnlyList<DamagedStretch> FindDamage(CancellationToken cancellationToken)
    {
        DamageSurvey survey;
        lock (_gate)
        {
            survey = new(Partition, _segments, _end, _endPosition, new(Partition, Folder));
        }

        return survey.Find(cancellationToken);
    }

    /// <summary>Finds the damage that nobody accepted in a folder that is somebody else's to write to, as its next boot will find it. Nothing is written.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IReadOnlyList<DamagedStretch> FindDamageBeside(CancellationToken cancellationToken)
    {
        LookAgain();
        if (TailDamage is null)
        {
            return FindDamage(cancellationToken);
        }

        // Damage of the last segment ends where the next boot begins another.
        var recovered = PartitionRecovery.Recover(this);
        ImmutableArray<Segment> segments = recovered.Damage is null ? [.. recovered.Segments] : [.. recovered.Segments, new(Path.Combine(Folder, SegmentFormat.FileName(recovered.End)), recovered.End)];
        return new DamageSurvey(Partition, segments, recovered.End, recovered.Position, new(Partition, Folder)).Find(cancellationToken);
    }

    /// <summary>
    /// All that can be read of a segment, also behind damage that nobody accepted: as it will be read once somebody does. Whoever takes a batch may give it back.
    /// </summary>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    public IEnumerable<ReadBatch> ReadableOf(Segment segment)
    {
        DamageSurvey survey;
        lock (_gate)
        {
            var next = _segments.IndexOf(segment) + 1;
            var (end, limit) = next < _segments.Length ? (_segments[next].BaseOffset, long.MaxValue) : (_end, _endPosition);
            survey = new(Partition, [segment], end, limit, new(Partition, Folder));
        }

        return survey.Readable();
    }

    private void Look()
    {
        var known = Segments.ToDictionary(static s => s.BaseOffset);
        List<Segment> segments = [.. List(Folder).Select(s => known.GetValueOrDefault(s.BaseOffset, s))];
        if (segments.Count == 0)
        {
            return;
        }

        var last = segments[^1];
        var (end, position) = known.Count > 0 && last.BaseOffset == Segments[^1].BaseOffset ? (Bounds.End, EndPosition) : (last.BaseOffset, SegmentFormat.HeaderLength);
        (end, position, TailDamage) = LiveTail.Follow(last, end, position, Accepted);
        Load(segments, end, position);
    }

    private TaskCompletionSource? Move(ImmutableArray<Segment> segments, long end, long position)
    {
        (_segments, _end, _endPosition) = (segments, end, position);
        if (!_awaited)
        {
            return null;
        }

        var wake = _grown;
        _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited = false;
        return wake;
    }
}
