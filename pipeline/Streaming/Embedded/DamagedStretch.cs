using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Embedded;

/// <summary>Bytes of a segment file in which no record can be read.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="FirstOffset">Offset of the first record that is lost.</param>
/// <param name="NextOffset">Offset of the next record that can be read.</param>
/// <param name="Segment">Name of the file.</param>
/// <param name="Position">Byte at which it begins; 0 for a file whose header is not its own.</param>
/// <param name="Length">Bytes of it.</param>
/// <param name="Sha256">Digest of those bytes.</param>
public sealed record DamagedStretch(LedgerPartition Partition, long FirstOffset, long NextOffset, string Segment, long Position, long Length, Digest Sha256)
{
    /// <summary>Digest of a stretch of a file as it is now.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Digest DigestOf(string path, long position, long length)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var chunk = new byte[64 * 1024];
        while (length > 0 && RandomAccess.Read(file, chunk.AsSpan(0, (int)Math.Min(chunk.Length, length)), position) is > 0 and var read)
        {
            hash.AppendData(chunk, 0, read);
            position += read;
            length -= read;
        }

        return Digest.FromBytes(hash.GetHashAndReset());
    }
}
