using System.Globalization;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>Where the reading of one partition of the blobs topic goes on, and in which topic that is: one that was made anew under the name has other records at its offsets.</summary>
/// <param name="path">The file; its folder is made when needed.</param>
internal sealed class BlobPosition(string path)
{
    /// <summary>What was kept: 0 in no topic when nothing was, no topic where none was known.</summary>
    /// <exception cref="IOException">It cannot be read, or holds no position.</exception>
    public (long Next, EventId? Topic) Load()
    {
        if (!File.Exists(path))
        {
            return (0, null);
        }

        var kept = File.ReadAllText(path).Trim().Split(' ');
        return long.TryParse(kept[0], NumberStyles.None, CultureInfo.InvariantCulture, out var next)
            ? (next, kept.Length > 1 && EventId.TryParse(kept[1], out var topic) ? topic : null)
            : throw new IOException($"'{path}' holds no position.");
    }

    /// <summary>Keeps a position, durably.</summary>
    /// <exception cref="IOException">The disk refuses; the one before stands.</exception>
    public void Save(long next, EventId? topic)
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        DurableFile.Replace(path, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{next} {topic}").TrimEnd() + "\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
