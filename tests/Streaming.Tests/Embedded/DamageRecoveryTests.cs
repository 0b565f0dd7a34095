using System.Buffers.Binary;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

/// <summary>A start behind damage of the last segment: what was accepted is no loss, what was not is told, and the chain goes on from the last record that can be read.</summary>
public sealed class DamageRecoveryTests : IDisposable
{
    private const int Lost = 20;
    private const int Records = 60;
    private const int RecordHeader = 8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Partition => EmbeddedLedger.PartitionFolder(_folder.Path, LedgerPartition.Calls);

    private string Segment => Directory.EnumerateFiles(Partition, "*.seg").Order(StringComparer.Ordinal).First();

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task What_was_accepted_in_the_segment_that_is_written_to_is_no_loss_at_the_next_start(bool isPage, bool isClosed)
    {
        var (end, behind) = await AcceptInUseAsync(isPage);
        if (!isClosed)
        {
            File.Delete(Path.Combine(Partition, PartitionRecovery.ClosedName));
        }

        var files = EmbeddedLedgerFiles.OpenReadOnly(_folder.Path, TimeProvider.System);
        Assert.Equal(end, (await files.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End);
        Assert.Equal(end - behind, (await TemporaryLedger.ReadAllAsync(files, LedgerPartition.Calls, behind)).Count);
        Assert.Null((await files.ReadAsync(LedgerPartition.Calls, end, 1, CancellationToken.None)).Damage);

        await using var ledger = await OpenAsync();

        Assert.Equal(LedgerStatus.Ready, ledger.Ledger.Health.Status);
        Assert.Equal(end + 1, (await ledger.AppendAsync(LedgerLog.Calls, "next")).Offset);
        ChainAssert.Holds(await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, behind));
        Assert.Equal(end + 2 - (behind - Lost), (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0)).Count);
        Assert.Empty(ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None));
    }

    [Fact]
    public async Task What_was_accepted_and_is_other_bytes_by_now_is_told_at_the_next_start()
    {
        var (end, behind) = await AcceptInUseAsync(isPage: false);
        Edit(bytes => bytes[PositionOf(bytes, Lost) + RecordHeader + 9] ^= 1);

        await using var ledger = await OpenAsync();

        Assert.Equal(LedgerStatus.Degraded, ledger.Ledger.Health.Status);
        Assert.Contains($"offset {Lost}:", ledger.Ledger.Health.Reason, StringComparison.Ordinal);
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "next")).Offset > end);
        Assert.Contains($"offset {Lost}:", (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, Lost, 1024, CancellationToken.None)).Damage, StringComparison.Ordinal);
        Assert.Equal((Lost, behind), (ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None)[0] is var found ? (found.FirstOffset, found.NextOffset) : default));
    }

    [Fact]
    public async Task Damage_behind_what_was_accepted_is_told_at_the_next_start()
    {
        const int Other = 40;
        var (end, behind) = await AcceptInUseAsync(isPage: false);
        Edit(bytes => bytes[PositionOf(bytes, Other) + RecordHeader + 40] ^= 1);
        var files = EmbeddedLedgerFiles.OpenReadOnly(_folder.Path, TimeProvider.System);
        var read = await files.ReadAsync(LedgerPartition.Calls, behind, 1024 * 1024, CancellationToken.None);
        Assert.Equal(Other - behind, read.Records.Count);
        Assert.Contains("closed in good order", (await files.ReadAsync(LedgerPartition.Calls, Other, 1024, CancellationToken.None)).Damage, StringComparison.Ordinal);

        await using var ledger = await OpenAsync();

        Assert.Equal(LedgerStatus.Degraded, ledger.Ledger.Health.Status);
        Assert.Contains($"offset {Other}:", ledger.Ledger.Health.Reason, StringComparison.Ordinal);
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "next")).Offset > end);
        var batch = await ledger.Ledger.ReadAsync(LedgerPartition.Calls, 0, 1024 * 1024, CancellationToken.None);
        Assert.Equal(Other - (behind - Lost), batch.Records.Count);
        Assert.Contains($"offset {Other}:", batch.Damage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Lost, 0)]
    [InlineData(Lost, -64)]
    [InlineData(Lost - 1, 0)]
    [InlineData(Lost + 1, -4096)]
    [InlineData(Lost + 1, long.MinValue)]
    [InlineData(Lost + 1, long.MaxValue)]
    public async Task An_acceptance_that_leads_nowhere_is_none_and_the_ledger_starts(long next, long length)
    {
        _ = await FillAsync();
        Edit(bytes => bytes[PositionOf(bytes, Lost) + RecordHeader + 40] ^= 1);
        var position = PositionOf(File.ReadAllBytes(Segment), Lost);
        var said = string.Create(CultureInfo.InvariantCulture, $$"""{"firstOffset":{{Lost}},"nextOffset":{{next}},"length":{{length}},"sha256":"{{DamagedStretch.DigestOf(Segment, position, length)}}"}""");
        await File.WriteAllTextAsync(Path.Combine(Partition, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(Segment)}-{position:D20}.accepted")), said, TestContext.Current.CancellationToken);

        await using var ledger = await OpenAsync();

        Assert.Equal(LedgerStatus.Degraded, ledger.Ledger.Health.Status);
        Assert.True((await ledger.AppendAsync(LedgerLog.Calls, "next")).IsDurable);
        Assert.Contains($"offset {Lost}:", (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, Lost, 1024, CancellationToken.None)).Damage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("one byte of a record")]
    [InlineData("the length of a record")]
    [InlineData("zeros over a page")]
    [InlineData("ones over a page")]
    public async Task A_boot_behind_damage_goes_on_from_the_last_record_that_can_be_read(string what)
    {
        var all = await FillAsync();
        Edit(bytes =>
        {
            var at = PositionOf(bytes, Lost);
            switch (what)
            {
                case "one byte of a record":
                    bytes[at + RecordHeader + 40] ^= 1;
                    break;
                case "the length of a record":
                    bytes[at] ^= 0x55;
                    break;
                default:
                    bytes.AsSpan(at, 4096).Fill(what.StartsWith("zeros", StringComparison.Ordinal) ? (byte)0 : (byte)0xFF);
                    break;
            }
        });

        await using var ledger = await OpenAsync();

        Assert.Equal(Digest.Of(all[^1].Bytes.Span), await PrevOfBootAsync(ledger));
        foreach (var stretch in ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None))
        {
            ledger.Ledger.AcceptDamage(stretch);
        }

        var read = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
        Assert.Equal(all[^1].Bytes, read[^2].Bytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0xFF)]
    public async Task A_boot_behind_two_lost_pages_goes_on_from_the_record_that_is_read_last_once_they_are_accepted(byte left)
    {
        _ = await FillAsync();
        Edit(bytes =>
        {
            var places = Array.ConvertAll([Lost, 2 * Lost], record => PositionOf(bytes, record));
            Array.ForEach(places, at => bytes.AsSpan(at, 4096).Fill(left));
        });

        await using var ledger = await OpenAsync();

        var prev = await PrevOfBootAsync(ledger);
        foreach (var stretch in ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None))
        {
            ledger.Ledger.AcceptDamage(stretch);
        }

        Assert.Equal(Digest.Of((await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0))[^2].Bytes.Span), prev);
    }

    [Fact]
    public async Task A_start_does_not_look_without_end_behind_bytes_that_all_claim_to_be_long_records()
    {
        var all = await FillAsync(200);
        Edit(bytes =>
        {
            var end = PositionOf(bytes, all.Count - 5);
            for (var at = PositionOf(bytes, Lost); at < end; at += RecordHeader)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), bytes.Length - at - (2 * RecordHeader));
            }
        });

        await using var ledger = await OpenAsync();

        Assert.Equal(LedgerStatus.Degraded, ledger.Ledger.Health.Status);
        Assert.Equal(Digest.Of(all[Lost - 1].Bytes.Span), await PrevOfBootAsync(ledger));
    }

    [Fact]
    public async Task What_a_start_has_not_looked_through_behind_its_last_record_is_damage_and_not_cut()
    {
        var all = await FillAsync(200);
        File.Delete(Path.Combine(Partition, PartitionRecovery.ClosedName));
        Edit(bytes =>
        {
            for (var at = PositionOf(bytes, Lost); at < bytes.Length - (2 * RecordHeader); at += RecordHeader)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), bytes.Length - at - (2 * RecordHeader));
            }
        });

        await using var ledger = await OpenAsync();

        Assert.Equal(LedgerStatus.Degraded, ledger.Ledger.Health.Status);
        Assert.Contains($"offset {Lost}:", ledger.Ledger.Health.Reason, StringComparison.Ordinal);
        Assert.Equal(Digest.Of(all[Lost - 1].Bytes.Span), await PrevOfBootAsync(ledger));
    }

    /// <summary>Fills a ledger, breaks its segment under it, accepts that, writes on and closes.</summary>
    /// <returns>Where it ended, and the offset of the first record behind the damage.</returns>
    private async Task<(long End, long Behind)> AcceptInUseAsync(bool isPage)
    {
        await using var ledger = await OpenAsync();
        await AppendAsync(ledger, Records);
        Edit(bytes =>
        {
            var at = PositionOf(bytes, Lost);
            bytes.AsSpan(at + (isPage ? 0 : RecordHeader + 40), isPage ? 4096 : 4).Clear();
        });
        var stretch = Assert.Single(ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None));
        Assert.Equal((Lost, isPage), (stretch.FirstOffset, stretch.NextOffset > Lost + 1));
        ledger.Ledger.AcceptDamage(stretch);
        await AppendAsync(ledger, 10);
        await ledger.CloseAsync();
        Assert.Single(Directory.EnumerateFiles(Partition, "*.seg"));
        return ((await ledger.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End, stretch.NextOffset);
    }

    private async Task<IReadOnlyList<LedgerRecord>> FillAsync(int records = Records)
    {
        await using var ledger = await OpenAsync();
        await AppendAsync(ledger, records);
        await ledger.CloseAsync();
        Assert.Single(Directory.EnumerateFiles(Partition, "*.seg"));
        return await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
    }

    private static async Task AppendAsync(TemporaryLedger ledger, int records)
    {
        for (var i = 0; i < records; i++)
        {
            Assert.True((await ledger.AppendAsync(LedgerLog.Calls, new string('x', 600 + i))).IsDurable);
        }
    }

    private Task<TemporaryLedger> OpenAsync() => TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(_folder.Path), TimeProvider.System);

    /// <summary>What the last record, the first of a boot that wrote no other, names as the one before it.</summary>
    private static async Task<Digest> PrevOfBootAsync(TemporaryLedger ledger)
    {
        var end = (await ledger.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End;
        var started = Assert.Single((await ledger.Ledger.ReadAsync(LedgerPartition.Calls, end - 1, 1024, CancellationToken.None)).Records);
        Assert.True(EventReader.TryReadChain(started.Bytes.Span, out var link, out _));
        Assert.Equal(0, link.Seq);
        return link.Prev;
    }

    private void Edit(Action<byte[]> edit)
    {
        var (path, bytes) = (Segment, File.ReadAllBytes(Segment));
        edit(bytes);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.Write(file, bytes, 0);
    }

    private static int PositionOf(byte[] bytes, int index)
    {
        var at = SegmentFormat.HeaderLength;
        for (var i = 0; i < index; i++)
        {
            at += SegmentFormat.Framed((int)(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)) & ~SegmentFormat.GroupStart));
        }

        return at;
    }
}
