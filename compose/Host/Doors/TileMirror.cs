using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Commands;

namespace McpLedger.Host.Doors;

/// <summary>Brings the tiles of a sealer elsewhere into a folder, so that they can be verified like those of a copy. Nothing is believed on the way but the size of a tree that a trusted key signed: whatever else an API claims is not fetched.</summary>
internal static class TileMirror
{
    /// <summary>Fetches checkpoints and tiles of every partition given, or what is new of them in a folder that has some.</summary>
    /// <param name="door">The API before the sealer.</param>
    /// <param name="partitions">Partitions to look for; those that nothing of is sealed are passed over.</param>
    /// <param name="trusted">Keys that are believed.</param>
    /// <param name="folder">Where <c>tiles/</c> is made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static async Task<(string? Fault, int ExitCode)> FetchAsync(LiveDoor door, IReadOnlyList<LedgerPartition> partitions, IReadOnlyList<VerifierKey> trusted, string folder, CancellationToken cancellationToken)
    {
        foreach (var partition in partitions)
        {
            var (note, fault, code) = await door.BytesAsync($"tlog/{partition}/checkpoint", cancellationToken);
            if (note is null && code == ExitCode.Finding)
            {
                continue;
            }

            if (note is null)
            {
                return (fault, code);
            }

            var root = Path.Combine(folder, "tiles", partition.ToString());
            await WriteAsync(Path.Combine(root, "checkpoint"), note, cancellationToken);
            if (!Checkpoint.TryParse(note, out var signed, out var checkpoint) || signed!.Open(CheckpointTrust.KeysFor(partition, trusted)) != NoteVerdict.Verified)
            {
                continue;
            }

            // A full tile never changes: what was fetched before stays.
            foreach (var tile in Tile.Of(checkpoint!.Size).Where(t => !t.IsFull || !File.Exists(Path.Combine(root, t.Path))))
            {
                // What does not come is missing in the folder, and verification says so.
                if (await door.BytesAsync($"tlog/{partition}/{tile.Path}", cancellationToken) is { Value: { } bytes })
                {
                    await WriteAsync(Path.Combine(root, tile.Path), bytes, cancellationToken);
                }
            }
        }

        return (null, ExitCode.Ok);
    }

    private static async Task WriteAsync(string path, byte[] bytes, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes, cancellationToken);
    }
}
