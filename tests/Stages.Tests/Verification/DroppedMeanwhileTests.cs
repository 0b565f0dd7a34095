using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>A ledger that is verified while retention drops from it.</summary>
public sealed class DroppedMeanwhileTests
{
    [Fact]
    public async Task Segments_that_are_announced_and_dropped_while_they_are_read_are_a_fact()
    {
        using var ledger = await SealedLedger.MakeAsync(1100);
        for (var i = 0; i < 3; i++)
        {
            await ledger.WriteAsync(1100);
        }

        ledger.Seal();
        var dropping = new Dropping(ledger);

        var report = ledger.Verification([ledger.Key]).VerifyAll(dropping, CancellationToken.None);

        Assert.True(dropping.Dropped > 1, "segments were dropped before they were read");
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Contains(report.Findings, f => f is { Check: VerificationChecks.SegmentsDropped, Offset: > 0 });
        Assert.True(report.Partitions.Single(p => p.Partition == LedgerPartition.Calls).Dropped > 0);
    }

    [Fact]
    public async Task What_is_dropped_after_tiles_were_fetched_is_a_fact_once_those_of_the_control_log_are_fetched_anew()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        using var mirror = new TemporaryFolder();
        CopyTiles(ledger.Folder, mirror.Path);
        var gone = SealedLedger.BaseOf(ledger.Segments[2]);
        await ledger.SaySealedAsync(new SegmentDropped("calls-0", 0, gone - 1, 1, "age"));
        foreach (var segment in ledger.Segments.Take(2))
        {
            File.Delete(segment);
        }

        var request = new VerificationRequest { Folder = mirror.Path, Trusted = ledger.Keys, Records = EmbeddedLedgerFiles.OpenReadOnly(ledger.Folder, TimeProvider.System), Blobs = false };
        Assert.Equal(VerificationChecks.RecordsMissing, Assert.Single(Verify(request).Findings, f => f.Severity == VerificationSeverity.Broken).Check);

        var report = Verify(request with { Renew = _ => CopyTiles(ledger.Folder, mirror.Path) });

        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Contains(report.Findings, f => f.Check == VerificationChecks.SegmentsDropped && f.Count == gone);

        static VerificationReport Verify(VerificationRequest request) => new LedgerVerification(request, TimeProvider.System).VerifyAll(new Progress<VerificationProgress>(), CancellationToken.None);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_that_went_with_the_record_that_refers_to_it_is_not_missed_and_one_that_a_kept_record_refers_to_is(bool isKept)
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.SaySealedAsync(new SegmentDropped("calls-0", 0, 10, 1, "age"));
        using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Calls, null, Relayed());
        var record = Composed(draft);
        var findings = new List<VerificationFinding>();
        var (blobs, reads) = (new BlobCheck(ledger.Folder, LedgerPartition.Calls, findings), 0);
        blobs.Check(5, record);
        if (isKept)
        {
            blobs.Check(11, record);
        }

        blobs.Tell(new(new(), () => ReadControl(ledger, ref reads)), findings);

        Assert.Equal(isKept ? [(VerificationChecks.BlobMissing, 11L)] : [], findings.Select(f => (f.Check, f.Offset!.Value)));
        Assert.Equal(1, reads);
    }

    private static SaidInControl ReadControl(SealedLedger ledger, ref int reads)
    {
        reads++;
        var said = new SaidInControl();
        foreach (var record in ledger.Control)
        {
            said.Take(record.Bytes.Span, isSealed: true);
        }

        return said;
    }

    private static byte[] Composed(EventDraft draft)
    {
        var chain = new ChainWriter("test/1/calls-0", Digest.Zero);
        var bytes = new byte[chain.MaxLength(draft.Tail.Length)];
        return bytes[..chain.Compose(bytes, draft.Tail.Span)];
    }

    private static MessageRelayed Relayed() => new()
    {
        Who = new() { Principal = "p", Kind = "service", Authentication = "none" },
        What = new() { Server = "s", Kind = "notification" },
        Direction = Direction.ToClient,
        Message = new() { Size = 8, Sha256 = Digest.Of("gone"u8), Blob = $"sha256/{Digest.Of("gone"u8).ToString()[..2]}/{Digest.Of("gone"u8)}" },
        Where = new() { Session = new("s", "actor"), Monotonic = 0 },
    };

    private static void CopyTiles(string from, string to)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(from, "tiles"), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }

    /// <summary>Drops every segment but the last one once some thousand records were read: said, sealed and gone.</summary>
    private sealed class Dropping(SealedLedger ledger) : IProgress<VerificationProgress>
    {
        public int Dropped { get; private set; }

        public void Report(VerificationProgress value)
        {
            if (value.Partition != LedgerPartition.Calls || Dropped > 0)
            {
                return;
            }

            var segments = ledger.Segments;
            var last = SealedLedger.BaseOf(segments[^1]);
            ledger.SaySealedAsync(new SegmentDropped("calls-0", 0, last - 1, 1, "age")).GetAwaiter().GetResult();
            Dropped = segments.Count(s => SealedLedger.BaseOf(s) >= value.Records) - 1;
            foreach (var segment in segments.SkipLast(1))
            {
                File.Delete(segment);
            }
        }
    }
}
