using System.Diagnostics.Metrics;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Stages.Tests.Sealing;

public sealed class SealingServiceTests
{
    [Fact]
    public async Task A_running_ledger_is_sealed_announced_and_provable()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await using var services = Services(ledger, Options(ledger));
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        var appended = await ledger.AppendAsync(LedgerLog.Calls, "first");

        var signed = await ControlAsync<CheckpointSigned>(ledger, c => c.Size > appended.Offset, stop.Token);
        Assert.Equal(("calls-0", $"{ledger.Ledger.Identity.Origin}/calls-0"), (signed.Partition, signed.Origin));
        Assert.True(VerifierKey.TryParse((await File.ReadAllTextAsync(Path.Combine(ledger.Folder, "keys", "calls-0.vkey"), stop.Token)).Trim(), out var key));
        var proof = new LedgerProofs(ledger.Folder).At(LedgerPartition.Calls, appended.Offset);
        Assert.Equal(ProofVerdict.Verified, proof!.Proof.Verify(proof.Entry.Span, key!));
        Assert.Null(new LedgerProofs(ledger.Folder).At(LedgerPartition.Calls, appended.Offset + 1000));
        Assert.Null(Assert.IsType<SigningKeyRotated>(await ControlAsync<SigningKeyRotated>(ledger, _ => true, stop.Token)).Old);

        Assert.True(services.GetRequiredService<SealingKeys>().TryRotate(NoteAlgorithm.EcdsaP256, "somebody", TimeProvider.System));
        var rotated = await ControlAsync<SigningKeyRotated>(ledger, r => r.Old is not null, stop.Token);
        Assert.Equal((key!.ToString(), "somebody"), (rotated.Old, rotated.RotatedBy));
        await service.StopAsync(stop.Token);
        var control = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Control, 0);
        Assert.DoesNotContain(control.Select(Read).OfType<CheckpointSigned>(), c => c.Partition.StartsWith("control", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_idle_partition_is_signed_by_a_new_key_at_once()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await using var services = Services(ledger, Options(ledger) with { IdleInterval = TimeSpan.FromHours(1) });
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        await ledger.AppendAsync(LedgerLog.Calls, "first");
        await SignedAsync(ledger, stop.Token);
        var old = await File.ReadAllTextAsync(Path.Combine(ledger.Folder, "keys", "signing.vkey"), stop.Token);

        Assert.True(services.GetRequiredService<SealingKeys>().TryRotate(NoteAlgorithm.Ed25519, "somebody", TimeProvider.System));

        Assert.NotEqual(old, await File.ReadAllTextAsync(Path.Combine(ledger.Folder, "keys", "signing.vkey"), stop.Token));
        await SignedAsync(ledger, stop.Token);
        await service.StopAsync(stop.Token);
    }

    [Fact]
    public async Task A_sealer_that_has_no_keys_says_so_until_it_has_them()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await using var services = Services(ledger, Options(ledger));
        var health = services.GetRequiredService<SealingHealth>();
        var inTheWay = Path.Combine(ledger.Folder, "keys");
        await File.WriteAllTextAsync(inTheWay, "", TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        while (health.Check() is null)
        {
            await Task.Delay(5, stop.Token);
        }

        Assert.Contains("keys", health.Check(), StringComparison.Ordinal);
        File.Delete(inTheWay);
        await ledger.AppendAsync(LedgerLog.Calls, "first");
        await ControlAsync<CheckpointSigned>(ledger, static _ => true, stop.Token);

        Assert.Null(health.Check());
        await service.StopAsync(stop.Token);
    }

    [Fact]
    public async Task A_partition_that_is_sealed_elsewhere_by_now_is_not_measured_here()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await using var services = Services(ledger, Options(ledger));
        var measured = new List<string?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>() && instrument.Name == "mcpledger.sealing.checkpoint.age")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => measured.Add(tags.ToArray().Single(static t => t.Key == "partition").Value as string));
        listener.Start();
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        await ledger.AppendAsync(LedgerLog.Calls, "first");
        await SignedAsync(ledger, stop.Token);
        while (measured.Distinct().Count() < 2)
        {
            await Task.Delay(20, stop.Token);
            listener.RecordObservableInstruments();
        }

        await service.StopAsync(stop.Token);
        measured.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(measured);
    }

    [Fact]
    public async Task A_sealer_whose_key_is_gone_goes_on_when_it_is_back()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await using var services = Services(ledger, Options(ledger));
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        await ledger.AppendAsync(LedgerLog.Calls, "first");
        await SignedAsync(ledger, stop.Token);
        var key = Path.Combine(ledger.Folder, "keys", "signing.key");
        File.Move(key, key + ".away");
        var appended = await ledger.AppendAsync(LedgerLog.Calls, "second");

        // Its entry is written before the checkpoint that cannot be signed.
        var tiles = new TileFolder(Path.Combine(ledger.Folder, "tiles"), LedgerPartition.Calls);
        while (tiles.Read(new(Tile.Entries, 0, (int)appended.Offset + 1)) is null)
        {
            await Task.Delay(20, stop.Token);
        }

        File.Move(key + ".away", key);
        await ControlAsync<CheckpointSigned>(ledger, c => c.Partition == "calls-0" && c.Size > appended.Offset, stop.Token);
        await service.StopAsync(stop.Token);
    }

    [Fact]
    public async Task A_sealer_that_is_behind_reads_on_without_resting()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var hour = TimeSpan.FromHours(1);
        await using var services = Services(ledger, Options(ledger) with { ReadBytes = 1, MaxLeaves = 4, Interval = hour, IdleInterval = hour });
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        for (var i = 0; i < 8; i++)
        {
            await ledger.AppendAsync(LedgerLog.Calls, $"record {i}");
        }

        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        var tiles = new TileFolder(Path.Combine(ledger.Folder, "tiles"), LedgerPartition.Calls);
        while (!Checkpoint.TryParse(tiles.Checkpoint() ?? [], out _, out var signed) || signed!.Size < 9)
        {
            await Task.Delay(20, stop.Token);
        }

        await service.StopAsync(stop.Token);
    }

    [Fact]
    public async Task Under_a_steady_load_a_partition_is_signed_every_second_and_announced_every_minute()
    {
        const int Seconds = 200;
        await using var ledger = await TemporaryLedger.OpenAsync();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var (second, minute) = (TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        await using var services = Services(ledger, Options(ledger) with { Interval = second, IdleInterval = minute }, time);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        var began = time.GetUtcNow();
        long last = 0;
        for (var i = 0; i < Seconds; i++)
        {
            last = (await ledger.AppendAsync(LedgerLog.Calls, $"record {i}")).Offset;
            await UntilSealedAsync(last);
        }

        Assert.InRange(time.GetUtcNow() - began, Seconds / 2 * second, 2 * Seconds * second);

        // What was signed last is announced too, though nothing comes after it.
        while ((await AnnouncedAsync())[^1].Data.Size <= last)
        {
            await GoOnAsync();
        }

        await service.StopAsync(stop.Token);
        var announced = await AnnouncedAsync();
        Assert.All(announced.Zip(announced.Skip(1)), pair => Assert.InRange(pair.Second.Time - pair.First.Time, minute, minute + second));
        Assert.True(announced.Count >= 3);

        async Task UntilSealedAsync(long offset)
        {
            var tiles = new TileFolder(Path.Combine(ledger.Folder, "tiles"), LedgerPartition.Calls);
            while (!Checkpoint.TryParse(tiles.Checkpoint() ?? [], out _, out var signed) || signed!.Size <= offset)
            {
                await GoOnAsync();
            }
        }

        async Task GoOnAsync()
        {
            stop.Token.ThrowIfCancellationRequested();
            time.Advance(second / 10);
            await Task.Delay(1, stop.Token);
        }

        async Task<IReadOnlyList<(DateTimeOffset Time, CheckpointSigned Data)>> AnnouncedAsync() =>
        [
            .. (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Control, 0))
                .Select(static r => EventReader.TryRead(r.Bytes.Span, out var read, out var fault) ? read! : throw new FormatException(fault))
                .Where(static e => e.Data is CheckpointSigned).Select(static e => (e.Header.Time, (CheckpointSigned)e.Data)),
        ];
    }

    [Fact]
    public async Task A_new_key_and_a_fault_are_announced_at_once()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var (time, hour) = (new FakeTimeProvider(TimeProvider.System.GetUtcNow()), TimeSpan.FromHours(1));
        var reader = new Breakable(ledger.Ledger);
        await using var services = Services(ledger, Options(ledger) with { IdleInterval = hour }, time, reader);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var service = Assert.Single(services.GetServices<IHostedService>());
        await service.StartAsync(stop.Token);
        await UntilAsync<CheckpointSigned>(1);
        await ledger.AppendAsync(LedgerLog.Calls, "signed and not announced");

        Assert.True(services.GetRequiredService<SealingKeys>().TryRotate(NoteAlgorithm.Ed25519, "somebody", TimeProvider.System));

        await UntilAsync<CheckpointSigned>(2);
        reader.IsBroken = true;
        await ledger.AppendAsync(LedgerLog.Calls, "not to be read");
        await UntilAsync<ChainFaultFound>(1);
        await UntilAsync<CheckpointSigned>(3);
        await service.StopAsync(stop.Token);

        async Task UntilAsync<T>(int times)
        {
            while ((await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Control, 0)).Select(Read).OfType<T>().Count() < times)
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                await Task.Delay(1, stop.Token);
            }
        }
    }

    [Fact]
    public async Task A_fault_is_reported_once_though_the_sealer_died_after_it_said_so()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var broken = new Tampered(ledger.Ledger);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await ledger.AppendAsync(LedgerLog.Calls, "first");
        await ledger.AppendAsync(LedgerLog.Calls, "second");
        var options = Options(ledger);
        using var keys = SigningKeyStore.Open(options, ledger.Ledger.Partitions);
        var sealer = Open(options, keys);
        sealer.Accept((await broken.ReadAsync(LedgerPartition.Calls, 0, 1 << 20, stop.Token)).Records);
        Assert.NotNull(sealer.Commit((await ledger.Ledger.BoundsAsync(LedgerPartition.Control, stop.Token)).End));
        var (faults, from) = sealer.Unreported;
        Assert.Equal("unreadable", Assert.Single(faults).Fault);
        var voice = new SealerVoice(ledger.Ledger, ledger.Ledger, options, TimeProvider.System);
        Assert.True(await voice.ReportAsync(LedgerPartition.Calls, faults, from, stop.Token));

        // It dies here: the state still says that nobody was told.
        (faults, from) = Open(options, keys).Unreported;
        Assert.Single(faults);
        Assert.True(await voice.ReportAsync(LedgerPartition.Calls, faults, from, stop.Token));

        var control = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Control, 0);
        var told = Assert.Single(control.Select(Read).OfType<ChainFaultFound>());
        Assert.Equal(("calls-0", 1L, "unreadable"), (told.Partition, told.Offset, told.Fault));
    }

    private static PartitionSealer Open(SealingOptions options, SigningKeyStore keys) =>
        PartitionSealer.Open(LedgerPartition.Calls, options.OriginPrefix, new(options.Tiles, static _ => { }), new(options.States, static _ => { }), keys, out var refusal)
        ?? throw new InvalidOperationException(refusal);

    private static SealingOptions Options(TemporaryLedger ledger) => new()
    {
        Folder = ledger.Folder,
        OriginPrefix = ledger.Ledger.Identity.Origin,
        Source = ledger.Ledger.Identity.SourceOf("sealer"),
        Interval = TimeSpan.FromMilliseconds(20),
        IdleInterval = TimeSpan.FromMilliseconds(100),
    };

    // Waits until every partition has a checkpoint that the published keys verify.
    private static async Task SignedAsync(TemporaryLedger ledger, CancellationToken cancellationToken)
    {
        var keys = Path.Combine(ledger.Folder, "keys", "signing.vkey");
        while (!File.Exists(keys))
        {
            await Task.Delay(20, cancellationToken);
        }

        foreach (var line in (await File.ReadAllTextAsync(keys, cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(VerifierKey.TryParse(line, out var key));
            Assert.True(LedgerPartition.TryParse(key!.Name.AsSpan(key.Name.LastIndexOf('/') + 1), out var partition));
            var tiles = new TileFolder(Path.Combine(ledger.Folder, "tiles"), partition);
            while (!SignedNote.TryParse(tiles.Checkpoint(), out var note) || note!.Open(key) != NoteVerdict.Verified)
            {
                await Task.Delay(20, cancellationToken);
            }
        }
    }

    private static ServiceProvider Services(TemporaryLedger ledger, SealingOptions options, TimeProvider? time = null, ILedgerReader? reader = null)
    {
        var asked = 0;
        return new ServiceCollection()
            .AddSingleton(time ?? TimeProvider.System)
            .AddLogging()
            .AddMetrics()
            .AddSingleton(reader ?? ledger.Ledger)
            .AddSingleton<ILedgerWriter>(ledger.Ledger)
            .AddSingleton<IHostApplicationLifetime>(new Lifetime())
            .AddSealing(_ => asked++ == 0 ? null : options)
            .BuildServiceProvider();
    }

    private static async Task<T> ControlAsync<T>(TemporaryLedger ledger, Func<T, bool> wanted, CancellationToken cancellationToken)
        where T : EventData
    {
        for (var from = 0L; ;)
        {
            await ledger.Ledger.WaitAsync(LedgerPartition.Control, from, cancellationToken);
            var batch = await ledger.Ledger.ReadAsync(LedgerPartition.Control, from, 1 << 20, cancellationToken);
            if (batch.Records.Select(Read).OfType<T>().FirstOrDefault(wanted) is { } found)
            {
                return found;
            }

            from = batch.Next;
        }
    }

    private static EventData Read(LedgerRecord record) => EventReader.TryRead(record.Bytes.Span, out var read, out var fault) ? read!.Data : throw new FormatException(fault);

    /// <summary>A ledger whose second record turns out to be garbage.</summary>
    private sealed class Tampered(ILedgerReader inner)
    {
        public async Task<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken)
        {
            var batch = await inner.ReadAsync(partition, from, maxBytes, cancellationToken);
            var records = batch.Records.Select(r => r.Offset == 1 ? r with { Bytes = Encoding.UTF8.GetBytes("garbage") } : r).Take(2).ToList();
            return batch with { Records = records };
        }
    }

    /// <summary>A ledger whose calls cannot be read from some moment on.</summary>
    private sealed class Breakable(ILedgerReader inner) : ILedgerReader
    {
        private volatile bool _isBroken;

        public bool IsBroken
        {
            get => _isBroken;
            set => _isBroken = value;
        }

        public IReadOnlyList<LedgerPartition> Partitions => inner.Partitions;

        public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => inner.BoundsAsync(partition, cancellationToken);

        public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken) =>
            IsBroken && partition == LedgerPartition.Calls ? new(new ReadBatch([], from, "broken on purpose")) : inner.ReadAsync(partition, from, maxBytes, cancellationToken);

        public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => inner.WaitAsync(partition, from, cancellationToken);
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => throw new InvalidOperationException("sealing ended by itself");
    }
}
