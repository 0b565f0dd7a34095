using System.Globalization;
using System.Text;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Consuming;

/// <summary>A position in a file of its own, for handlers whose effect has no transaction to keep it in.</summary>
/// <param name="path">The file; its folder is made when needed.</param>
public sealed class PositionFile(string path)
{
    /// <summary>The position kept; 0 when there is none.</summary>
    /// <exception cref="IOException">It cannot be read, or holds no number.</exception>
    public long Load() =>
        !File.Exists(path) ? 0
        : long.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position
        : throw new IOException($"'{path}' holds no position.");

    /// <summary>Keeps a position, durably.</summary>
    /// <exception cref="IOException">The disk refuses; the one before stands.</exception>
    public void Save(long position)
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        DurableFile.Replace(path, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{position}\n")), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
