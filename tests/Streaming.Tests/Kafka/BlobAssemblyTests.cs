using System.Security.Cryptography;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class BlobAssemblyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BlobFolder _blobs;
    private readonly BlobAssembly _assembly;
    private long _offset;
    private DateTimeOffset _now = new(2026, 11, 27, 0, 0, 0, TimeSpan.Zero);

    public BlobAssemblyTests()
    {
        _blobs = new(_folder.Path);
        _assembly = new(_folder.Path, LedgerPartition.Calls, _blobs, KafkaTools.Telemetry);
    }

    public void Dispose()
    {
        _assembly.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("012")]
    [InlineData("001122")]
    [InlineData("010122")]
    [InlineData("012012")]
    [InlineData("0102")]
    [InlineData("0120")]
    [InlineData("12012")]
    public async Task However_its_senders_overlap_a_blob_is_stored_and_the_position_is_behind_every_piece(string order)
    {
        var bytes = RandomNumberGenerator.GetBytes((2 * BlobChunk.Size) + 1);
        BlobChunk[] pieces = [.. BlobChunk.Of(Digest.Of(bytes), bytes)];
        foreach (var index in order)
        {
            await TakeAsync(pieces[index - '0']);
        }

        Assert.Equal(bytes, (await _blobs.GetAsync(Digest.Of(bytes), TestContext.Current.CancellationToken))!.Value.ToArray());
        Assert.True(_assembly.TryTakeCommittable(out var next));
        Assert.Equal(order.Length, next);
    }

    [Fact]
    public async Task The_position_stands_before_the_first_piece_of_a_blob_that_is_not_whole()
    {
        var bytes = RandomNumberGenerator.GetBytes(BlobChunk.Size + 1);
        BlobChunk[] pieces = [.. BlobChunk.Of(Digest.Of(bytes), bytes)];
        var small = BlobChunk.Of(Digest.Of("x"u8), "x"u8.ToArray()).Single();
        await TakeAsync(small);
        await TakeAsync(pieces[0]);
        await TakeAsync(small);
        Assert.True(_assembly.TryTakeCommittable(out var next));
        Assert.Equal(1, next);
        await TakeAsync(pieces[1]);
        Assert.True(_assembly.TryTakeCommittable(out next));
        Assert.Equal(4, next);
    }

    [Fact]
    public async Task However_many_blobs_are_begun_before_the_first_of_them_is_whole_all_are_stored()
    {
        var blobs = Enumerable.Range(0, 260).Select(static n => BlobOf(n)).ToArray();
        foreach (var pieces in blobs)
        {
            await TakeAsync(pieces[0]);
        }

        Assert.False(_assembly.TryTakeCommittable(out _));
        foreach (var pieces in blobs)
        {
            await TakeAsync(pieces[1]);
        }

        Assert.Equal(260, _blobs.List().Count());
        Assert.True(_assembly.TryTakeCommittable(out var next));
        Assert.Equal(520, next);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder.Path, "blobs", "unfinished"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_blob_whose_sender_died_is_given_up_after_a_day_of_the_topic_and_one_that_lives_is_not()
    {
        var (dead, alive) = (BlobOf(1), BlobOf(2));
        await TakeAsync(dead[0]);
        _now += TimeSpan.FromHours(20);
        await TakeAsync(alive[0]);
        _assembly.GiveUp(_now);
        Assert.False(_assembly.TryTakeCommittable(out _));

        _now += TimeSpan.FromHours(5);
        await TakeAsync(BlobChunk.Of(Digest.Of("x"u8), "x"u8.ToArray()).Single());
        _assembly.GiveUp(_now);
        Assert.True(_assembly.TryTakeCommittable(out var next));
        Assert.Equal(1, next);

        await TakeAsync(alive[1]);
        Assert.NotNull(await _blobs.GetAsync(alive[0].Blob, TestContext.Current.CancellationToken));
        Assert.True(_assembly.TryTakeCommittable(out next));
        Assert.Equal(4, next);
    }

    private static BlobChunk[] BlobOf(int number)
    {
        var bytes = new byte[BlobChunk.Size + 1];
        bytes[^1] = (byte)number;
        bytes[0] = (byte)(number >> 8);
        return [.. BlobChunk.Of(Digest.Of(bytes), bytes)];
    }

    private Task TakeAsync(BlobChunk piece) => _assembly.TakeAsync(new(LedgerPartition.Calls, _offset++, piece.Write()), _now, TestContext.Current.CancellationToken);
}
