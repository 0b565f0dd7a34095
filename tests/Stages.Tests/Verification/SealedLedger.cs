using System.Buffers.Binary;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Stages.Verification;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>A real ledger with records in several segments, all sealed, closed, and open to be tampered with.</summary>
internal sealed class SealedLedger : IDisposable
{
    private const int FrameHeader = 8;
    private const int SegmentHeader = 64;

    private readonly TemporaryFolder _folder = new();

    private SealedLedger()
    {
    }

    public string Folder => _folder.Path;

    public string Prefix { get; private set; } = "";

    public IReadOnlyList<LedgerRecord> Calls { get; private set; } = [];

    public VerifierKey Key => VerifierKey.TryParse(File.ReadAllLines(Path.Combine(Folder, "keys", "signing.vkey"))[0], out var key) ? key! : throw new FormatException("no vkey");

    /// <summary>The public key under every partition's name.</summary>
    public IReadOnlyList<VerifierKey> Keys => [.. File.ReadAllLines(Path.Combine(Folder, "keys", "signing.vkey")).Where(static line => line.Length > 0).Select(static line => VerifierKey.TryParse(line, out var key) ? key! : throw new FormatException("no vkey"))];

    public string CheckpointFile => Path.Combine(Folder, "tiles", "calls-0", "checkpoint");

    public static async Task<SealedLedger> MakeAsync(int records)
    {
        var made = new SealedLedger();
        await made.WriteAsync(records);
        made.Seal();
        return made;
    }

    /// <summary>Another boot of the same instance writes on.</summary>
    public async Task WriteAsync(int records)
    {
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(Folder), TimeProvider.System);
        var appends = new List<Task<McpLedger.Streaming.Appended>>();
        for (var i = 0; i < records; i++)
        {
            appends.Add(ledger.AppendAsync(LedgerLog.Calls, new string('x', 900 + i)));
            if (i % 50 == 0)
            {
                appends.Add(ledger.AppendAsync(LedgerLog.Control, $"control {i}"));
            }
        }

        Assert.All(await Task.WhenAll(appends), a => Assert.True(a.IsDurable));

        Prefix = ledger.Ledger.Identity.Origin;
        await ledger.CloseAsync();
        Calls = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
        Control = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Control, 0);
    }

    public IReadOnlyList<LedgerRecord> Control { get; private set; } = [];

    /// <summary>Reads the records once more, as far as they can be read.</summary>
    public Task ReadAgainAsync() => ReadAgainAsync(EmbeddedLedgerFiles.OpenReadOnly(Folder, TimeProvider.System));

    /// <summary>Reads them once more as one reads them who knows where they end.</summary>
    public async Task ReadAgainAsync(McpLedger.Streaming.ILedgerReader reader)
    {
        Calls = await TemporaryLedger.ReadAllAsync(reader, LedgerPartition.Calls, 0);
        Control = await TemporaryLedger.ReadAllAsync(reader, LedgerPartition.Control, 0);
    }

    /// <summary>Says something in the control log; nothing seals it yet.</summary>
    public async Task SayAsync(EventData said)
    {
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(Folder), TimeProvider.System);
        using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/2", TimeProvider.System.GetUtcNow(), null, LedgerLog.Control, null, said);
        Assert.True((await open.Ledger.AppendAsync(draft, CancellationToken.None)).IsDurable);
    }

    /// <summary>Says something in the control log and seals it.</summary>
    public async Task SaySealedAsync(EventData said)
    {
        await SayAsync(said);
        await ReadControlAsync();
        Seal();
    }

    /// <summary>Reads the control log once more.</summary>
    public async Task ReadControlAsync() => Control = await TemporaryLedger.ReadAllAsync(EmbeddedLedgerFiles.OpenReadOnly(Folder, TimeProvider.System), LedgerPartition.Control, 0);

    public void Seal() => Assert.Empty(SealFaulty());

    /// <summary>Seals, and says what the sealer found on the way.</summary>
    public IReadOnlyList<string> SealFaulty()
    {
        var faults = new List<string>();
        using var keys = SigningKeyStore.Open(new() { Folder = Folder, OriginPrefix = Prefix, Source = "/sealer/test/1" }, [LedgerPartition.Calls, LedgerPartition.Control]);
        foreach (var records in new[] { Calls, Control })
        {
            var sealer = PartitionSealer.Open(
                records[0].Partition, Prefix, new(Path.Combine(Folder, "tiles"), static _ => { }), new(Path.Combine(Folder, "sealer"), static _ => { }), keys, out var refusal)
                ?? throw new InvalidOperationException(refusal);
            sealer.Accept([.. records.Where(r => r.Offset >= sealer.Next)]);
            Assert.NotNull(sealer.Commit(0));
            faults.AddRange(sealer.Unreported.Faults.Select(f => f.Fault));
        }

        return faults;
    }

    public VerificationReport Verify(params ReadOnlyMemory<byte>[] kept) => Verify([Key], kept);

    public VerificationReport Verify(IReadOnlyList<VerifierKey> trusted, params ReadOnlyMemory<byte>[] kept) =>
        Verification(trusted, kept).VerifyAll(new Ignored(), CancellationToken.None);

    public LedgerVerification Verification(IReadOnlyList<VerifierKey> trusted, params ReadOnlyMemory<byte>[] kept) =>
        new(new() { Folder = Folder, Trusted = trusted, Kept = kept }, TimeProvider.System);

    public EventId EventAt(long offset) => LedgerLeaf.Of(LedgerPartition.Calls, offset, Calls[(int)offset].Bytes.Span, out _).Event!.Value;

    public IReadOnlyList<string> Segments => [.. Directory.GetFiles(Path.Combine(Folder, "ledger", "calls-0"), "*.seg").Order(StringComparer.Ordinal)];

    /// <summary>Rewrites the records of the segment that holds <paramref name="offset"/>, checksums and all: what a careful intruder does.</summary>
    public void Rewrite(long offset, Action<List<byte[]>, int> change)
    {
        var path = SegmentOf(offset);
        var (bytes, records) = (File.ReadAllBytes(path), RecordsOf(path));
        change(records, (int)(offset - BaseOf(path)));
        File.WriteAllBytes(path, Filled(bytes, records));
    }

    /// <summary>Puts a file beside the segments, with the header of one from <paramref name="baseOffset"/> on and these records, checksums and all.</summary>
    public void Forge(string name, long baseOffset, IEnumerable<byte[]> records)
    {
        var bytes = File.ReadAllBytes(Segments[0]).AsSpan(0, SegmentHeader).ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), baseOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Crc32C.Of(bytes.AsSpan(0, 60)));
        File.WriteAllBytes(Path.Combine(Folder, "ledger", "calls-0", name), Filled(bytes, records));
    }

    /// <summary>The segment file that holds a record.</summary>
    public string SegmentOf(long offset) => Segments.Last(s => BaseOf(s) <= offset);

    /// <summary>The records of a segment file up to the first that is none.</summary>
    public static List<byte[]> RecordsOf(string path)
    {
        var (bytes, records) = (File.ReadAllBytes(path), new List<byte[]>());
        for (var at = SegmentHeader; Length(bytes, at) is > 0 and var length; at += Framed(length))
        {
            records.Add(bytes.AsSpan(at + FrameHeader, length).ToArray());
        }

        return records;
    }

    private static byte[] Filled(byte[] bytes, IEnumerable<byte[]> records)
    {
        bytes.AsSpan(SegmentHeader).Clear();
        var put = SegmentHeader;
        foreach (var record in records)
        {
            if (put + Framed(record.Length) > bytes.Length)
            {
                Array.Resize(ref bytes, put + Framed(record.Length));
            }

            var word = (uint)record.Length | 0x8000_0000;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(put), word);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(put + 4), Crc32C.Of(word, record));
            record.CopyTo(bytes, put + FrameHeader);
            put += Framed(record.Length);
        }

        return bytes;
    }

    /// <summary>Changes bytes of the segment file itself at a record, from its frame on: what a broken disk does.</summary>
    public void Spoil(long offset, Action<byte[], int, int> change) => Spoil(LedgerPartition.Calls, offset, change);

    public void Spoil(LedgerPartition partition, long offset, Action<byte[], int, int> change)
    {
        var path = Directory.GetFiles(Path.Combine(Folder, "ledger", partition.ToString()), "*.seg").Order(StringComparer.Ordinal).Last(s => BaseOf(s) <= offset);
        var bytes = File.ReadAllBytes(path);
        var at = SegmentHeader;
        for (var i = BaseOf(path); i < offset; i++)
        {
            at += Framed(Length(bytes, at));
        }

        change(bytes, at, Length(bytes, at));
        File.WriteAllBytes(path, bytes);
    }

    public static long BaseOf(string path) => long.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture);

    public void Dispose() => _folder.Dispose();

    private static int Length(byte[] bytes, int at) => at + FrameHeader > bytes.Length ? 0 : (int)(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)) & 0x7FFF_FFFF);

    private static int Framed(int length) => FrameHeader + ((length + 7) & ~7);

    private sealed class Ignored : IProgress<VerificationProgress>
    {
        public void Report(VerificationProgress value)
        {
        }
    }
}
