using System.Security.Cryptography;
using System.Text;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Gateway.Sessions;

/// <summary>
/// The keys that session ids are sealed under, as replicas share them: a text file of mode 0600 (0440 where it is mounted) with one base64 key of 32 bytes a line,
/// the current one first, the one before it second. Rotation puts a new line on top; sessions of the last but one key start anew.
/// </summary>
internal sealed class SessionKeys
{
    /// <summary>Length of a key, bytes.</summary>
    public const int KeyLength = 32;

    private const int MaxFileLength = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // A secret that Kubernetes mounts belongs to root and is read through the process's group.
    private const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead;

    private SessionKeys(byte[] current, byte[]? previous)
    {
        Current = current;
        Previous = previous;
    }

    /// <summary>What new ids are sealed under.</summary>
    public byte[] Current { get; }

    /// <summary>What older ids may still be sealed under; null before the first rotation.</summary>
    public byte[]? Previous { get; }

    /// <summary>Keys that live as long as the object.</summary>
    public static SessionKeys From(ReadOnlySpan<byte> current, ReadOnlySpan<byte> previous)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(current.Length, KeyLength);
        return new(current.ToArray(), previous.Length == KeyLength ? previous.ToArray() : null);
    }

    /// <summary>Reads the file, or makes it where there is none. Of several replicas that start at once on a shared folder, one makes it and all read the same.</summary>
    /// <exception cref="InvalidDataException">The file holds something else, or others may read it.</exception>
    public static SessionKeys LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            Create(path);
        }

        return Load(path);
    }

    private static void Create(string path)
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var line = Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyLength)) + "\n";
        DurableFile.TryCreate(path, Encoding.ASCII.GetBytes(line), OwnerOnly);
    }

    private static SessionKeys Load(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~Readable) != 0)
        {
            throw new InvalidDataException($"{path} can be read by others than its owner and group. Run: chmod 600 {path}");
        }

        if (new FileInfo(path).Length > MaxFileLength)
        {
            throw new InvalidDataException($"{path} is too long to be a file of session keys.");
        }

        var lines = File.ReadAllLines(path).Where(line => line.Length > 0).ToArray();
        return lines.Length == 0
            ? throw new InvalidDataException($"{path} holds no key. Delete it: a new one is made at the next start, and open sessions start anew.")
            : new(Key(path, lines[0]), lines.Length > 1 ? Key(path, lines[1]) : null);
    }

    private static byte[] Key(string path, string line)
    {
        var key = new byte[KeyLength];
        return Convert.TryFromBase64String(line.Trim(), key, out var written) && written == KeyLength
            ? key
            : throw new InvalidDataException($"{path} holds a line that is not a base64 key of {KeyLength} bytes.");
    }
}
