using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Verification;

/// <summary>Reads claim checks out of records and hashes the blobs again.</summary>
internal sealed class BlobCheck(string folder, LedgerPartition partition, ICollection<VerificationFinding> altered)
{
    private readonly HashSet<Digest> _checked = [];

    // By the last record that refers to it: records are dropped from the front.
    private readonly Dictionary<Digest, (long Offset, EventId Event, Content Content)> _missing = [];

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

    /// <summary>Names the blobs that are missing, but for those of records that were dropped after they were read.</summary>
    public void Tell(ControlWord word, ICollection<VerificationFinding> findings)
    {
        foreach (var (offset, id, content) in _missing.Values.Where(m => !word.HasDropped(partition, m.Offset, m.Offset)).OrderBy(static m => m.Offset))
        {
            findings.Add(Broken(VerificationChecks.BlobMissing, offset, id, $"{content.Size} bytes with SHA-256 {content.Sha256}", "no such blob"));
        }

        _missing.Clear();
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
        if (_missing.ContainsKey(content.Sha256))
        {
            _missing[content.Sha256] = (offset, id, content);
        }

        if (!_checked.Add(content.Sha256))
        {
            return;
        }

        var hex = content.Sha256.ToString();
        using var file = Open(Path.Combine(folder, "blobs", "sha256", hex[..2], hex));
        if (file is null)
        {
            _missing[content.Sha256] = (offset, id, content);
            return;
        }

        var found = Digest.FromBytes(System.Security.Cryptography.SHA256.HashData(file));
        Blobs++;
        Bytes += file.Length;
        if (found != content.Sha256 || file.Length != content.Size || content.Blob != $"sha256/{hex[..2]}/{hex}")
        {
            altered.Add(Broken(VerificationChecks.BlobAltered, offset, id, $"{content.Size} bytes with SHA-256 {hex} at {content.Blob}", $"{file.Length} bytes with SHA-256 {found}"));
        }
    }

    // It may go between a look for it and its being opened.
    private static FileStream? Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private VerificationFinding Broken(string check, long offset, EventId id, string expected, string found) => new()
    {
        Check = check,
        Severity = VerificationSeverity.Broken,
        Partition = partition,
        Offset = offset,
        Event = id,
        Expected = expected,
        Found = found,
    };
}
