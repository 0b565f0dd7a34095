using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Blobs;

public sealed class BlobFolderTests
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];

    [Fact]
    public async Task A_blob_lies_under_its_digest_and_is_read_back()
    {
        using var folder = new TemporaryFolder();
        var blobs = new BlobFolder(folder.Path);
        var digest = Digest.Of(Bytes);
        Assert.Null(await blobs.GetAsync(digest, CancellationToken.None));
        Assert.True(await blobs.TryPutAsync(digest, Bytes, CancellationToken.None));
        Assert.True(await blobs.TryPutAsync(digest, Bytes, CancellationToken.None));
        Assert.Equal(Bytes, (await blobs.GetAsync(digest, CancellationToken.None))!.Value.ToArray());
        var path = Path.Combine(folder.Path, "blobs", "sha256", digest.ToString()[..2], digest.ToString());
        Assert.Equal(Bytes, File.ReadAllBytes(path));
        Assert.Equal((digest, (long)Bytes.Length), blobs.List().Select(b => (b.Sha256, b.Bytes)).Single());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder.Path, "blobs", "unfinished")));
    }

    [Fact]
    public async Task An_altered_blob_is_none_and_storing_it_again_heals_it()
    {
        using var folder = new TemporaryFolder();
        var blobs = new BlobFolder(folder.Path);
        var digest = Digest.Of(Bytes);
        await blobs.TryPutAsync(digest, Bytes, CancellationToken.None);
        var path = Path.Combine(folder.Path, "blobs", "sha256", digest.ToString()[..2], digest.ToString());
        File.WriteAllBytes(path, [.. Bytes.Skip(1)]);
        Assert.Null(await blobs.GetAsync(digest, CancellationToken.None));
        Assert.True(await blobs.TryPutAsync(digest, Bytes, CancellationToken.None));
        Assert.NotNull(await blobs.GetAsync(digest, CancellationToken.None));
    }

    [Fact]
    public async Task Bytes_under_another_digest_are_a_bug()
    {
        using var folder = new TemporaryFolder();
        await Assert.ThrowsAsync<ArgumentException>(() => new BlobFolder(folder.Path).TryPutAsync(Digest.Zero, Bytes, CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task A_full_disk_is_an_answer_and_leaves_nothing_behind()
    {
        using var disk = SmallDisk.TryMount(1, out var reason);
        Assert.SkipWhen(disk is null, $"a small disk cannot be mounted: {reason}");
        var blobs = new BlobFolder(disk!.Path);
        disk.Fill();
        Assert.False(await blobs.TryPutAsync(Digest.Of(Bytes), Bytes, CancellationToken.None));
        Assert.Empty(blobs.List());
        disk.Free();
        Assert.True(await blobs.TryPutAsync(Digest.Of(Bytes), Bytes, CancellationToken.None));
    }

    [Fact]
    public async Task A_deleted_blob_is_gone()
    {
        using var folder = new TemporaryFolder();
        var blobs = new BlobFolder(folder.Path);
        var digest = Digest.Of(Bytes);
        await blobs.TryPutAsync(digest, Bytes, CancellationToken.None);
        Assert.True(blobs.Delete(digest, DateTimeOffset.MaxValue));
        Assert.False(blobs.Delete(digest, DateTimeOffset.MaxValue));
        Assert.Empty(blobs.List());
    }

    [Fact]
    public async Task A_blob_that_was_stored_again_meanwhile_is_not_deleted()
    {
        using var folder = new TemporaryFolder();
        var blobs = new BlobFolder(folder.Path);
        var digest = Digest.Of(Bytes);
        await blobs.TryPutAsync(digest, Bytes, CancellationToken.None);
        var old = TimeProvider.System.GetUtcNow().AddDays(-3);
        File.SetLastWriteTimeUtc(blobs.PathOf(digest), old.UtcDateTime);
        Assert.True(await blobs.TryPutAsync(digest, Bytes, CancellationToken.None));
        Assert.False(blobs.Delete(digest, old.AddDays(1)));
        Assert.Equal(digest, Assert.Single(blobs.List()).Sha256);
    }
}
