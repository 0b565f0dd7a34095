using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Verification;

/// <summary>Reads claim checks out of records and hashes the blobs again.</summary>
internal sealed class BlobCheck(string folder, LedgerPartition partition, ICollection<VerificationFinding> findings)
{
    private readonly HashSet<Digest> _checked = [];

    private static ReadOnlySpan<byte> Marker => "\"blob\":\"sha256/"u8;

    /// <summary>Blobs hashed.</summary>
    public long Blobs { get; private set; }

    /// <summary>Bytes hashed.</summary>
    public long Bytes { get; private set; }

    /// <summary>Only a record that could name a blob is parsed; the words may as well stand in what a caller sent.</summary>
    public void Check(long offset, ReadOnlySpan<byte> record)
    {
        if (record.IndexOf(Marker) < 0 || !EventReader.TryRead(record, out var read, out _))
        {
            return;
        }

        foreach (var content in ContentsOf(read!.Data))
        {
            if (content?.Blob is not null)
            {
                Check(offset, read.Header.Id, content);
            }
        }
    }

    private static IEnumerable<Content?> ContentsOf(EventData data) => data switch
    {
        CallIntended intended => [intended.Request],
        CallRefused refused => [refused.Request],
        CallCompleted completed => [completed.Response, completed.Released],
        MessageRelayed relayed => [relayed.Message],
        _ => [],
    };

    private void Check(long offset, EventId id, Content content)
    {
        if (!_checked.Add(content.Sha256))
        {
            return;
        }

        var hex = content.Sha256.ToString();
        var path = Path.Combine(folder, "blobs", "sha256", hex[..2], hex);
        if (!File.Exists(path))
        {
            Add(VerificationChecks.BlobMissing, offset, id, $"{content.Size} bytes with SHA-256 {hex}", "no such blob");
            return;
        }

        using var file = File.OpenRead(path);
        var found = Digest.FromBytes(System.Security.Cryptography.SHA256.HashData(file));
        Blobs++;
        Bytes += file.Length;
        if (found != content.Sha256 || file.Length != content.Size || content.Blob != $"sha256/{hex[..2]}/{hex}")
        {
            Add(VerificationChecks.BlobAltered, offset, id, $"{content.Size} bytes with SHA-256 {hex} at {content.Blob}", $"{file.Length} bytes with SHA-256 {found}");
        }
    }

    private void Add(string check, long offset, EventId id, string expected, string found) => findings.Add(new()
    {
        Check = check,
        Severity = VerificationSeverity.Broken,
        Partition = partition,
        Offset = offset,
        Event = id,
        Expected = expected,
        Found = found,
    });
}
