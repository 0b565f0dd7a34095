using System.Threading.Channels;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// What of the blobs in a process's folder the cluster does not have yet: a mark each in <c>kafka/unshipped/</c>, which outlives a crash. The ledger says whether anything may be sent,
/// <see cref="KafkaBlobStore"/> marks what it keeps, <see cref="BlobShipper"/> ships it, and records of the spool wait for what their claim checks name. From any thread.
/// </summary>
internal sealed class UnshippedBlobs(KafkaLedgerOptions options)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly BlobFolder _folder = new(options.Folder);
    private readonly string _marks = Path.Combine(options.Folder, KafkaLedger.FolderName, "unshipped");
    private readonly Lock _gate = new();
    private readonly Dictionary<Digest, Waiting> _waiting = [];
    private readonly Dictionary<Digest, string> _failing = [];
    private readonly Channel<Digest> _queue = Channel.CreateUnbounded<Digest>();
    private volatile bool _found;
    private volatile bool _refused;
    private volatile string? _withheld = "the topics were not seen yet";
    private volatile string? _past;
    private int _count;
    private long _bytes;

    private static ReadOnlySpan<byte> ClaimCheck => "\"sha256/"u8;

    /// <summary>Why nothing may be sent now; null when it may.</summary>
    public string? Withheld => _withheld;

    /// <summary>Why nothing more is taken, as long as that is so; null when it is.</summary>
    public string? Past
    {
        set => _past = value;
    }

    /// <summary>What an operator should look at; null when nothing.</summary>
    public string? Trouble
    {
        get
        {
            lock (_gate)
            {
                return _failing.Values.FirstOrDefault();
            }
        }
    }

    public int Count => Volatile.Read(ref _count);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether one waits that can be read, as far as is known.</summary>
    public bool IsUnderWay
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Values.Any(static w => !w.Outcome.Task.IsCompleted);
            }
        }
    }

    /// <summary>Blobs that records which wait name, as far as that was looked for: one without a file is missed.</summary>
    public IReadOnlySet<Digest> Named { get; init; } = new HashSet<Digest>();

    /// <summary>Those to be shipped next: each that was put, and each that failed, once more.</summary>
    public ChannelReader<Digest> Queue => _queue.Reader;

    /// <summary>Those that wait.</summary>
    public IReadOnlyList<Digest> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _waiting.Keys];
            }
        }
    }

    /// <summary>Finds what an earlier boot left. Once the folder is this process's: what another one marks is that one's to ship.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Find()
    {
        if (_found)
        {
            return;
        }

        DurableFile.CreateFolder(_marks);
        foreach (var left in Directory.EnumerateFiles(_marks))
        {
            if (Digest.TryParse(Path.GetFileName(left), out var blob))
            {
                Add(blob, new FileInfo(_folder.PathOf(blob)) is { Exists: true } file ? file.Length : 0).IsKept = true;
                _queue.Writer.TryWrite(blob);
            }
            else
            {
                // A mark that a crash kept from its name: its blob's call was never answered.
                TryRemove(left);
            }
        }

        _found = true;
    }

    /// <summary>The topics are those of this folder's ledger.</summary>
    public void Permit() => _withheld = _refused ? _withheld : null;

    /// <summary>Nothing may be sent any more, for as long as this process runs.</summary>
    public void Refuse(string reason)
    {
        (_refused, _withheld) = (true, reason);
        lock (_gate)
        {
            foreach (var waiting in _waiting.Values)
            {
                waiting.Outcome.TrySetResult(false);
            }
        }
    }

    /// <summary>Whether a blob may wait here.</summary>
    public bool Takes(long bytes) => _found && !_refused && _past is null && Bytes + bytes <= options.Spool.MaxBytes;

    /// <summary>Takes one to ship it. The same content may have been put more than once: one sender at a time.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="version">Grows with each put.</param>
    /// <returns>False when none waits, or somebody is at it.</returns>
    public bool TryTake(Digest blob, out int version)
    {
        lock (_gate)
        {
            version = 0;
            if (!_waiting.TryGetValue(blob, out var waiting) || waiting.IsShipping)
            {
                return false;
            }

            (waiting.IsShipping, version) = (true, waiting.Version);
            return true;
        }
    }

    /// <summary>Gives back what was taken; what was put meanwhile and still waits is next.</summary>
    public void Release(Digest blob, int version)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(blob, out var waiting))
            {
                waiting.IsShipping = false;
                _ = waiting.Version != version && _queue.Writer.TryWrite(blob);
            }
        }
    }

    /// <summary>A blob is being kept from now on. Its mark comes first: a crash between the two leaves a mark without a blob, which is only forgotten.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Begin(Digest blob, long bytes)
    {
        lock (_gate)
        {
            Add(blob, bytes).Puts++;
        }

        var mark = Path.Combine(_marks, blob.ToString());
        if (options.Durable == KafkaDurability.Disk)
        {
            DurableFile.Replace(mark, [], Mode);
        }
        else
        {
            // Its call waits for the cluster: what a crash of the machine leaves of it here, nobody misses.
            File.WriteAllBytes(mark, []);
        }
    }

    /// <summary>A blob was kept and is shipped now; or it could not be, and its mark goes.</summary>
    /// <returns>Ends when the cluster has it: true; false when it is known that it will not for now.</returns>
    public Task<bool> End(Digest blob, bool isKept)
    {
        lock (_gate)
        {
            var waiting = _waiting[blob];
            waiting.Puts--;
            if (!isKept)
            {
                if (waiting is { Puts: 0, IsKept: false })
                {
                    Remove(blob, waiting);
                }

                return Task.FromResult(false);
            }

            _failing.Remove(blob);
            waiting.IsKept = true;
            waiting.Version++;
            waiting.Outcome = waiting.Outcome.Task.IsCompleted && !_refused ? NewOutcome() : waiting.Outcome;
            _queue.Writer.TryWrite(blob);
            return waiting.Outcome.Task;
        }
    }

    /// <summary>There is no file of it, and so nothing to be shipped, unless it was put since that was seen.</summary>
    public void Absent(Digest blob, int version)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(blob, out var waiting) && waiting.Version == version)
            {
                Done(blob);
            }
        }
    }

    /// <summary>The cluster has it. One that is being put again is left to that put, which may have looked already whether it stands.</summary>
    public void Done(Digest blob)
    {
        lock (_gate)
        {
            _failing.Remove(blob);
            if (!_waiting.TryGetValue(blob, out var waiting))
            {
                return;
            }

            waiting.Outcome.TrySetResult(true);
            if (waiting.Puts > 0)
            {
                // What was kept before is in the cluster: only that put still says whether something waits.
                waiting.IsKept = false;
                return;
            }

            if (!options.KeepsBlobs)
            {
                TryRemove(_folder.PathOf(blob));
            }

            Remove(blob, waiting);
        }
    }

    /// <summary>It could not be shipped now.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="trouble">Why not.</param>
    /// <param name="isUnreadable">Whether it is this disk's fault: then its records do not wait for it.</param>
    public void Failed(Digest blob, string trouble, bool isUnreadable)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(blob, out var waiting))
            {
                _failing[blob] = trouble;
                _ = isUnreadable && waiting.Outcome.TrySetResult(false);
            }
        }
    }

    /// <summary>It is to be tried again, behind those that wait.</summary>
    public void Again(Digest blob) => _queue.Writer.TryWrite(blob);

    /// <summary>Waits until the cluster has what a record's claim checks name. What cannot be read here holds no record up.</summary>
    public async ValueTask WaitForAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        foreach (var blob in Count == 0 ? [] : NamedIn(record))
        {
            Task outcome;
            lock (_gate)
            {
                outcome = _waiting.TryGetValue(blob, out var waiting) ? waiting.Outcome.Task : Task.CompletedTask;
            }

            await outcome.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The blobs that a record's claim checks name.</summary>
    public static IReadOnlyList<Digest> NamedIn(ReadOnlyMemory<byte> record) =>
        record.Span.IndexOf(ClaimCheck) >= 0 && EventReader.TryRead(record.Span, out var read, out _) ? [.. SearchDocuments.BlobsOf(read!.Data)] : [];

    private static TaskCompletionSource<bool> NewOutcome() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Waiting Add(Digest blob, long bytes)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(blob, out var waiting))
            {
                _waiting[blob] = waiting = new(bytes);
                _count = _waiting.Count;
                Interlocked.Add(ref _bytes, bytes);
            }

            return waiting;
        }
    }

    // Under the gate.
    private void Remove(Digest blob, Waiting waiting)
    {
        TryRemove(Path.Combine(_marks, blob.ToString()));
        _waiting.Remove(blob);
        _count = _waiting.Count;
        Interlocked.Add(ref _bytes, -waiting.Bytes);
    }

    private static void TryRemove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A mark is shipped once more by the next boot, and nobody minds; a copy goes then.
        }
    }

    private sealed class Waiting(long bytes)
    {
        public long Bytes => bytes;

        /// <summary>Whether it was kept once: then it waits until it is shipped, whatever comes of later puts.</summary>
        public bool IsKept { get; set; }

        public bool IsShipping { get; set; }

        /// <summary>Puts that kept it.</summary>
        public int Version { get; set; }

        /// <summary>Puts of it that are under way.</summary>
        public int Puts { get; set; }

        public TaskCompletionSource<bool> Outcome { get; set; } = NewOutcome();
    }
}
