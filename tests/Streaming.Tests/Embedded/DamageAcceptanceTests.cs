using System.Buffers.Binary;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

/// <summary>Damage that an operator accepts: exactly those bytes are stepped over, and no others.</summary>
public sealed class DamageAcceptanceTests
{
    private const int RecordHeader = 8;

    [Theory]
    [InlineData("one byte of a record", 1)]
    [InlineData("the length of a record", 1)]
    [InlineData("ones over a record", 1)]
    [InlineData("three records", 3)]
    [InlineData("zeros over two records", 2)]
    [InlineData("zeros at two places", 7)]
    [InlineData("ones at two places", 7)]
    public async Task What_was_accepted_is_stepped_over_and_every_other_record_is_read(string what, int lost)
    {
        using var folder = new TemporaryFolder();
        var all = await FillAsync(folder.Path);
        var (path, first) = Middle(folder.Path);
        Spoil(path, what);
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        var before = await ReadAsync(ledger.Ledger);
        Assert.Contains($"offset {first + 5}", before.Damage, StringComparison.Ordinal);

        var found = ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None);

        Assert.Equal(first + 5, found[0].FirstOffset);
        Assert.Equal(first + 5 + lost, found[^1].NextOffset);
        foreach (var stretch in found)
        {
            ledger.Ledger.AcceptDamage(stretch);
        }

        Assert.Empty(ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None));
        foreach (var reader in new ILedgerReader[] { ledger.Ledger, EmbeddedLedgerFiles.OpenReadOnly(folder.Path, TimeProvider.System) })
        {
            var (offsets, damage) = await ReadAsync(reader);
            Assert.Null(damage);
            Assert.Equal(all.Where(o => o < first + 5 || o >= first + 5 + lost), offsets.Where(o => o <= all[^1]));
        }

        // Begun in the middle of the stretch, and behind it.
        Assert.Equal(first + 5 + lost, (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, first + 5, 1, CancellationToken.None)).Records[0].Offset);
        Assert.Equal(first + 20, (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, first + 20, 1, CancellationToken.None)).Records[0].Offset);
    }

    [Fact]
    public async Task A_segment_whose_header_is_gone_can_be_accepted_as_a_whole()
    {
        using var folder = new TemporaryFolder();
        var all = await FillAsync(folder.Path);
        var (path, first) = Middle(folder.Path);
        Edit(path, bytes => bytes.AsSpan(0, 64).Clear());
        var files = EmbeddedLedgerFiles.OpenReadOnly(folder.Path, TimeProvider.System);
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);

        var stretch = Assert.Single(ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None));
        ledger.Ledger.AcceptDamage(stretch);

        Assert.Equal((first, 0L), (stretch.FirstOffset, stretch.Position));
        Assert.Null((await ReadAsync(ledger.Ledger)).Damage);
        Assert.Equal(all.Where(o => o < first || o >= stretch.NextOffset), (await ReadAsync(files)).Offsets.Where(o => o <= all[^1]));

        // Whoever stood in the middle of it goes on behind it too, also one who has not met the damage before.
        foreach (var reader in new ILedgerReader[] { ledger.Ledger, EmbeddedLedgerFiles.OpenReadOnly(folder.Path, TimeProvider.System) })
        {
            var inside = await reader.ReadAsync(LedgerPartition.Calls, first + 3, 1, CancellationToken.None);
            Assert.Equal((null, stretch.NextOffset), (inside.Damage, inside.Records.Count == 0 ? -1 : inside.Records[0].Offset));
        }
    }

    [Fact]
    public async Task Bytes_that_changed_after_they_were_accepted_are_damage_anew()
    {
        using var folder = new TemporaryFolder();
        await FillAsync(folder.Path);
        var (path, first) = Middle(folder.Path);
        Spoil(path, "one byte of a record");
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System))
        {
            ledger.Ledger.AcceptDamage(Assert.Single(ledger.Ledger.FindDamage(LedgerPartition.Calls, CancellationToken.None)));
        }

        Edit(path, bytes => bytes[PositionOf(bytes, 5) + RecordHeader + 9] ^= 1);

        Assert.Contains($"offset {first + 5}", (await ReadAsync(EmbeddedLedgerFiles.OpenReadOnly(folder.Path, TimeProvider.System))).Damage, StringComparison.Ordinal);
    }

    private static async Task<long[]> FillAsync(string folder)
    {
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder), TimeProvider.System);
        for (var i = 0; i < 700; i += 50)
        {
            Assert.All(await Task.WhenAll(Enumerable.Range(i, 50).Select(n => ledger.AppendAsync(LedgerLog.Calls, new string('x', 700 + n)))), a => Assert.True(a.IsDurable));
        }

        await ledger.CloseAsync();
        return (await ReadAsync(ledger.Ledger)).Offsets;
    }

    private static (string Path, long First) Middle(string folder)
    {
        var path = Directory.GetFiles(Path.Combine(folder, "ledger", "calls-0"), "*.seg").Order(StringComparer.Ordinal).ElementAt(1);
        Assert.True(SegmentFormat.TryReadFileName(path, out var first));
        return (path, first);
    }

    private static void Spoil(string path, string what) => Edit(path, bytes =>
    {
        var at = PositionOf(bytes, 5);
        switch (what)
        {
            case "one byte of a record":
                bytes[at + RecordHeader + 40] ^= 1;
                break;
            case "the length of a record":
                bytes[at] ^= 0x55;
                break;
            case "ones over a record":
                bytes.AsSpan(at, PositionOf(bytes, 6) - at).Fill(0xFF);
                break;
            case "three records":
                bytes.AsSpan(at, PositionOf(bytes, 8) - at).Fill(0xA5);
                break;
            case "zeros at two places" or "ones at two places":
                // What stands between them has no offset that anybody could tell.
                Range[] places = [at..PositionOf(bytes, 7), PositionOf(bytes, 10)..PositionOf(bytes, 12)];
                Array.ForEach(places, place => bytes.AsSpan(place).Fill(what.StartsWith("zeros", StringComparison.Ordinal) ? (byte)0 : (byte)0xFF));
                break;
            default:
                bytes.AsSpan(at, PositionOf(bytes, 7) - at).Clear();
                break;
        }
    });

    private static void Edit(string path, Action<byte[]> edit)
    {
        var bytes = File.ReadAllBytes(path);
        edit(bytes);
        File.WriteAllBytes(path, bytes);
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

    private static async Task<(long[] Offsets, string? Damage)> ReadAsync(ILedgerReader reader)
    {
        var offsets = new List<long>();
        for (var next = 0L; ;)
        {
            var batch = await reader.ReadAsync(LedgerPartition.Calls, next, 64 * 1024, CancellationToken.None);
            offsets.AddRange(batch.Records.Select(r => r.Offset));
            if (batch.Damage is not null || batch.Records.Count == 0)
            {
                return ([.. offsets], batch.Damage);
            }

            next = batch.Next;
        }
    }
}
