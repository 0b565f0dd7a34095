using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Retention;
using McpLedger.Stages.Tests.Verification;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Stages.Tests.Retention;

public sealed class RetentionTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Only_closed_and_sealed_segments_go_oldest_first_by_age_or_by_size()
    {
        var segments = new[] { Segment(0, 9, days: 40), Segment(10, 19, days: 30), Segment(20, 29, days: 10), Segment(30, 39, days: 0, open: true) };

        Assert.Equal([(0, "age"), (10, "age")], Choose(segments, 39, age: 20));
        Assert.Equal([(0, "age")], Choose(segments, 18, age: 20));
        Assert.Empty(Choose(segments, -1, age: 20));
        Assert.Equal([(0, "size"), (10, "size"), (20, "size")], Choose(segments, 39, bytes: 0));
        Assert.Equal([(0, "age"), (10, "size")], Choose(segments, 39, age: 35, bytes: 250));
        Assert.Empty(Choose(segments, 39));
    }

    [Fact]
    public void A_segment_whose_age_nobody_can_tell_stops_retention_by_age_and_is_named()
    {
        var unknown = Segment(10, 19, days: 30) with { FirstTime = null, LastTime = null };
        var segments = new[] { Segment(0, 9, days: 40), unknown, Segment(20, 29, days: 10), Segment(30, 39, days: 0, open: true) };

        Assert.Equal([0], RetentionPolicy.Choose(segments, 39, Now, Options("", age: 20), out var refused).Select(d => (int)d.Segment.FirstOffset));
        Assert.Contains("calls-0 from offset 10 on", refused, StringComparison.Ordinal);

        // Where its age decides nothing it is no trouble.
        _ = RetentionPolicy.Choose(segments, 9, Now, Options("", age: 20), out refused);
        Assert.Null(refused);
        _ = RetentionPolicy.Choose(segments, 39, Now, Options("", age: 20, bytes: 0), out refused);
        Assert.Null(refused);
        _ = RetentionPolicy.Choose([unknown with { Open = true }], 39, Now, Options("", age: 20), out refused);
        Assert.Null(refused);
    }

    [Fact]
    public async Task Damage_that_was_accepted_at_the_end_of_a_segment_keeps_neither_it_nor_what_is_behind_it()
    {
        using var ledger = await SealedLedger.MakeAsync(600);
        ledger.Spoil(ledger.Calls[^5].Offset, static (bytes, frame, _) => bytes[frame + 40] ^= 1);
        await using (var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System))
        {
            foreach (var stretch in open.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None))
            {
                open.Ledger.AcceptDamage(stretch);
            }
        }

        await ledger.WriteAsync(600);
        ledger.Seal();

        await AllIsDroppedAsync(ledger);
    }

    [Fact]
    public async Task A_sealed_segment_whose_end_has_rotted_goes_by_the_age_of_what_is_behind_it()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        ledger.Spoil(SealedLedger.BaseOf(ledger.Segments[2]) - 1, static (bytes, frame, _) => bytes[frame + 40] ^= 1);

        await AllIsDroppedAsync(ledger);
    }

    [Fact]
    public async Task What_is_dropped_was_announced_and_the_rest_still_verifies()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        var blobs = new BlobFolder(ledger.Folder);
        var digest = Digest.Of("old"u8);
        Assert.True(await blobs.TryPutAsync(digest, "old"u8.ToArray(), CancellationToken.None));
        File.SetLastWriteTimeUtc(Directory.GetFiles(Path.Combine(ledger.Folder, "blobs", "sha256"), "*", SearchOption.AllDirectories).Single(), new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        DateTimeOffset? forgotten = null;
        RetentionReport report;
        await using (var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System))
        {
            report = await new RetentionRun(open.Ledger, Options(ledger.Folder, bytes: 300_000), (moment, _) => { forgotten = moment; return new(3); }, TimeProvider.System).RunAsync(CancellationToken.None);
        }

        Assert.True(report is { Segments: > 1, Refused: null, Blobs: 1, Rows: 3 }, report.ToString());
        Assert.NotNull(forgotten);
        Assert.Contains(ledger.Verify().Findings, f => f.Check == VerificationChecks.RecordsMissing && f.Found!.Contains("once it is sealed", StringComparison.Ordinal));
        await ledger.ReadControlAsync();
        ledger.Seal();
        var verified = ledger.Verify();
        Assert.True(verified.IsSound, string.Join('\n', verified.Findings));
        Assert.Contains(verified.Findings, f => f.Check == VerificationChecks.SegmentsDropped);
    }

    [Fact]
    public async Task Where_a_sealer_runs_a_segment_goes_when_what_says_so_is_sealed_and_is_announced_once()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        var options = Options(ledger.Folder, bytes: 300_000) with { OnceSealed = true };
        var segments = ledger.Segments.Count;
        await using (var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System))
        {
            var run = new RetentionRun(open.Ledger, options, static (_, _) => new(0), TimeProvider.System);
            Assert.True(await run.RunAsync(CancellationToken.None) is { Segments: 0, Waits: true });
            Assert.True(await run.RunAsync(CancellationToken.None) is { Segments: 0, Waits: true });
            Assert.True(ledger.Segments.Count >= segments);
            await ledger.ReadControlAsync();
            ledger.Seal();
            Assert.True(await run.RunAsync(CancellationToken.None) is { Segments: > 1, Waits: false });
        }

        var dropped = ledger.Control.Select(record => EventReader.TryRead(record.Bytes.Span, out var read, out _) ? read!.Data as SegmentDropped : null).OfType<SegmentDropped>().ToArray();
        Assert.Equal(dropped.Length, dropped.DistinctBy(each => each.LastOffset).Count());
        var verified = ledger.Verify();
        Assert.True(verified.IsSound, string.Join('\n', verified.Findings));
        Assert.Contains(verified.Findings, f => f.Check == VerificationChecks.SegmentsDropped);
    }

    [Fact]
    public async Task What_was_announced_is_what_goes_though_calls_go_on_and_parts_end_elsewhere_by_then()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        var options = Options(ledger.Folder, age: 0) with { OnceSealed = true };
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        var parted = new Carrying(open.Ledger) { PartLength = 1000 };
        var run = new RetentionRun(parted, options, static (_, _) => new(0), new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(1)));
        Assert.True(await run.RunAsync(CancellationToken.None) is { Segments: 0, Waits: true });
        parted.PartLength = 1050;
        Assert.True(await run.RunAsync(CancellationToken.None) is { Segments: 0, Waits: true });
        await ledger.ReadControlAsync();
        ledger.Seal();
        parted.PartLength = 1100;
        _ = await run.RunAsync(CancellationToken.None);

        Assert.Equal([999], parted.Cuts);
        await ledger.ReadControlAsync();
        var dropped = ledger.Control.Select(record => EventReader.TryRead(record.Bytes.Span, out var read, out _) ? read!.Data as SegmentDropped : null).OfType<SegmentDropped>();
        Assert.Equal([999L], dropped.Select(each => each.LastOffset));
    }

    [Fact]
    public async Task What_a_run_that_was_cut_short_left_goes_with_the_next_though_nothing_is_dropped_by_it()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        var blobs = new BlobFolder(ledger.Folder);
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        var run = new RetentionRun(open.Ledger, Options(ledger.Folder, bytes: 300_000), static (_, _) => throw new TimeoutException("no database"), TimeProvider.System);
        await Assert.ThrowsAsync<TimeoutException>(() => run.RunAsync(CancellationToken.None));
        await StoreOldAsync(ledger.Folder, "old");

        // As after a start: what was dropped is known by what stands, and the blob and the rows are still there.
        var (moments, first) = (new List<DateTimeOffset>(), (await open.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).First);
        Assert.NotEqual(0, first);
        var next = new RetentionRun(open.Ledger, Options(ledger.Folder, bytes: 300_000), (moment, _) => { moments.Add(moment); return new(3); }, TimeProvider.System);
        Assert.Equal(new(0, 3, 1, 3, null), await next.RunAsync(CancellationToken.None));
        Assert.Empty(blobs.List());

        // Settled: nothing is looked through again until something more is dropped.
        Assert.Equal(new(0, 0, 0, 0, null), await next.RunAsync(CancellationToken.None));
        Assert.Single(moments);
    }

    [Fact]
    public async Task What_carried_blobs_goes_up_to_a_day_before_the_oldest_call_that_is_kept()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        var (carried, forgotten) = (new Carrying(open.Ledger), default(DateTimeOffset));
        await new RetentionRun(carried, Options(ledger.Folder, bytes: 300_000), (moment, _) => { forgotten = moment; return new(0); }, TimeProvider.System).RunAsync(CancellationToken.None);
        Assert.Equal(forgotten - TimeSpan.FromDays(1), carried.DroppedBefore);
    }

    [Fact]
    public async Task A_read_model_that_fails_ends_neither_the_stage_nor_the_process()
    {
        using var ledger = await SealedLedger.MakeAsync(1200);
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        var forgotten = new TaskCompletionSource();
        var failures = new Queue<Exception>([new TimeoutException("no database"), new OperationCanceledException("its own time was over"), new InvalidOperationException("its bug")]);
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging().AddMetrics().AddSingleton<ILedger>(open.Ledger)
            .AddRetention(
                _ => Options(ledger.Folder, bytes: 300_000) with { Interval = TimeSpan.FromMilliseconds(1) },
                _ => (_, _) => failures.TryDequeue(out var failure) ? throw failure : Forgotten())
            .BuildServiceProvider();
        var service = Assert.IsType<BackgroundService>(Assert.Single(services.GetServices<IHostedService>()), exactMatch: false);
        await service.StartAsync(CancellationToken.None);
        await forgotten.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await service.StopAsync(CancellationToken.None);
        Assert.True(service.ExecuteTask!.IsCompletedSuccessfully);

        ValueTask<long> Forgotten()
        {
            forgotten.SetResult();
            return new(0);
        }
    }

    [Fact]
    public async Task Nothing_that_is_not_sealed_is_dropped()
    {
        using var ledger = await SealedLedger.MakeAsync(20);
        await ledger.WriteAsync(1200);
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);

        var report = await new RetentionRun(open.Ledger, Options(ledger.Folder, bytes: 0), static (_, _) => new(0), TimeProvider.System).RunAsync(CancellationToken.None);

        Assert.Equal(0, report.Segments);
        Assert.Equal(ledger.Calls[0].Offset, (await open.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).First);
    }

    [Fact]
    public async Task A_blob_that_a_kept_event_refers_to_stays()
    {
        using var ledger = await SealedLedger.MakeAsync(600);
        var digest = Digest.Of("referred"u8);
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        Assert.True(await new BlobFolder(ledger.Folder).TryPutAsync(digest, "referred"u8.ToArray(), CancellationToken.None));
        File.SetLastWriteTimeUtc(Directory.GetFiles(Path.Combine(ledger.Folder, "blobs", "sha256"), "*", SearchOption.AllDirectories).Single(), new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Calls, null, Relayed(digest));
        Assert.True((await open.Ledger.AppendAsync(draft, CancellationToken.None)).IsDurable);

        var report = await new RetentionRun(open.Ledger, Options(ledger.Folder, bytes: 0), static (_, _) => new(0), TimeProvider.System).RunAsync(CancellationToken.None);

        Assert.True(report is { Segments: > 0, Blobs: 0 }, report.ToString());
    }

    [Fact]
    public async Task A_missing_blob_and_an_altered_one_are_named_by_their_event()
    {
        using var ledger = await SealedLedger.MakeAsync(5);
        var digest = Digest.Of("referred"u8);
        EventId id;
        await using (var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System))
        {
            Assert.True(await new BlobFolder(ledger.Folder).TryPutAsync(digest, "referred"u8.ToArray(), CancellationToken.None));
            using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Calls, null, Relayed(digest));
            id = draft.Id;
            Assert.True((await open.Ledger.AppendAsync(draft, CancellationToken.None)).IsDurable);
        }

        Assert.True(ledger.Verify().IsSound);
        var file = Directory.GetFiles(Path.Combine(ledger.Folder, "blobs", "sha256"), "*", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file, "rEferred");
        Assert.Equal((VerificationChecks.BlobAltered, id), ledger.Verify().Findings.Where(f => f.Severity == VerificationSeverity.Broken).Select(f => (f.Check, f.Event!.Value)).Single());
        File.Delete(file);
        Assert.Equal((VerificationChecks.BlobMissing, id), ledger.Verify().Findings.Where(f => f.Severity == VerificationSeverity.Broken).Select(f => (f.Check, f.Event!.Value)).Single());
    }

    /// <summary>Runs by age when everything is old: only the segment that is written to is left.</summary>
    private static async Task AllIsDroppedAsync(SealedLedger ledger)
    {
        var segments = ledger.Segments.Count;
        Assert.True(segments > 3);
        await using var open = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(ledger.Folder), TimeProvider.System);
        var later = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(100));

        var report = await new RetentionRun(open.Ledger, Options(ledger.Folder, age: 20), static (_, _) => new(0), later).RunAsync(CancellationToken.None);

        Assert.Equal((segments - 1, null), (report.Segments, report.Refused));
        Assert.Single(ledger.Segments);
    }

    private static async Task StoreOldAsync(string folder, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Assert.True(await new BlobFolder(folder).TryPutAsync(Digest.Of(bytes), bytes, CancellationToken.None));
        File.SetLastWriteTimeUtc(Directory.GetFiles(Path.Combine(folder, "blobs", "sha256"), "*", SearchOption.AllDirectories).Single(), new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    private static MessageRelayed Relayed(Digest digest) => new()
    {
        Who = new() { Principal = "p", Kind = "service", Authentication = "none" },
        What = new() { Server = "s", Kind = "notification" },
        Direction = Direction.ToClient,
        Message = new() { Size = 8, Sha256 = digest, Blob = $"sha256/{digest.ToString()[..2]}/{digest}" },
        Where = new() { Session = new("s", "actor"), Monotonic = 0 },
    };

    private static LedgerSegment Segment(long first, long last, int days, bool open = false) =>
        new(LedgerPartition.Calls, first, last, 100, Now.AddDays(-days - 1), Now.AddDays(-days), open);

    private static IEnumerable<(int, string)> Choose(LedgerSegment[] segments, long sealedThrough, int? age = null, long? bytes = null) =>
        RetentionPolicy.Choose(segments, sealedThrough, Now, Options("", age, bytes), out _).Select(d => ((int)d.Segment.FirstOffset, d.Reason));

    private static RetentionOptions Options(string folder, int? age = null, long? bytes = null) =>
        new() { Folder = folder, Source = "/retention/test/1", MaxAge = age is { } days ? TimeSpan.FromDays(days) : null, MaxBytes = bytes };

    /// <summary>A ledger as one in Kafka is: its blobs come by way of a topic, and its parts are cut by offsets.</summary>
    private sealed class Carrying(ILedger inner) : ILedger
    {
        public DateTimeOffset? DroppedBefore { get; private set; }

        public long? PartLength { get; set; }

        public List<long> Cuts { get; } = [];

        public LedgerIdentity Identity => inner.Identity;

        public LedgerHealth Health => inner.Health;

        public LedgerCounters Counters => inner.Counters;

        public IReadOnlyList<LedgerPartition> Partitions => inner.Partitions;

        public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken) => inner.AppendAsync(draft, cancellationToken);

        public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => inner.BoundsAsync(partition, cancellationToken);

        public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken) => inner.ReadAsync(partition, from, maxBytes, cancellationToken);

        public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => inner.WaitAsync(partition, from, cancellationToken);

        public async ValueTask<IReadOnlyList<LedgerSegment>> ListSegmentsAsync(LedgerPartition partition, CancellationToken cancellationToken)
        {
            var segments = await inner.ListSegmentsAsync(partition, cancellationToken);
            return PartLength is not { } length ? segments : [.. Enumerable.Range(0, 2).Select(n => segments[0] with { FirstOffset = n * length, LastOffset = ((n + 1) * length) - 1, Open = n == 1 })];
        }

        public ValueTask<IReadOnlyList<LedgerSegment>> DropThroughAsync(LedgerPartition partition, long offset, CancellationToken cancellationToken)
        {
            Cuts.Add(offset);
            return PartLength is null ? inner.DropThroughAsync(partition, offset, cancellationToken) : new([]);
        }

        public ValueTask DropBlobsBeforeAsync(DateTimeOffset moment, CancellationToken cancellationToken)
        {
            DroppedBefore = moment;
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
