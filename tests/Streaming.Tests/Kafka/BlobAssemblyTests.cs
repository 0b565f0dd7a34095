using System.Globalization;
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

    public BlobAssemblyTests()
    {
        _blobs = new(_folder.Path);
        _assembly = new(_folder.Path, _blobs, KafkaTools.Telemetry);
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
    public async Task Of_more_blobs_than_may_be_open_the_oldest_are_given_up()
    {
        var piece = new byte[BlobChunk.Size];
        for (var n = 0; n < 260; n++)
        {
            await TakeAsync(new(Digest.Of(System.Text.Encoding.ASCII.GetBytes(n.ToString(CultureInfo.InvariantCulture))), BlobChunk.Size + 1, 0, 2, piece));
        }

        Assert.True(_assembly.TryTakeCommittable(out var next));
        Assert.Equal(4, next);
        Assert.Equal(256, Directory.EnumerateFiles(Path.Combine(_folder.Path, "blobs", "unfinished")).Count());
    }

    private Task TakeAsync(BlobChunk piece) => _assembly.TakeAsync(new(LedgerPartition.Calls, _offset++, piece.Write()), TestContext.Current.CancellationToken);
}
