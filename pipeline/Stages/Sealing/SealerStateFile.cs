using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Stages.Sealing;

/// <summary>The state of one partition's sealer on disk. It changes by compare and swap under a lock, so that of two sealers one gives way.</summary>
internal sealed class SealerStateFile(SealFolder folder, LedgerPartition partition)
{
    private readonly string _name = $"{partition}.state";

    /// <summary>The state; the empty one where there is none.</summary>
    /// <exception cref="IOException">It is there and cannot be read: sealing again from the start would sign a second history.</exception>
    public SealerState Read() => folder.Read(_name) is not { } bytes
        ? SealerState.Empty(partition)
        : SealerState.Read(bytes.Span) ?? throw new IOException(string.Create(CultureInfo.InvariantCulture, $"The state of the sealer of {partition} in '{folder.Root}' is not readable."));

    /// <summary>Replaces the state if it is still <paramref name="expected"/>'s size and no newer generation has come.</summary>
    /// <returns>False when another sealer was here: this one must stop.</returns>
    public bool TrySwap(SealerState expected, SealerState next)
    {
        DurableFile.CreateFolder(folder.Root);
        using var _ = Lock();
        var found = Read();
        if (found.Generation > next.Generation || found.Size != expected.Size || (found.Generation != expected.Generation && found.Generation >= next.Generation))
        {
            return false;
        }

        folder.Replace(_name, next.Write());
        return true;
    }

    /// <summary>Does something while no other sealer can take the partition over, if none has.</summary>
    /// <param name="expected">The state as this sealer left it.</param>
    /// <param name="then">What is done.</param>
    /// <returns>False when another sealer was here: this one must stop.</returns>
    /// <exception cref="IOException">Another sealer holds it now.</exception>
    public bool TryHold(SealerState expected, Action then)
    {
        using var _ = Lock();
        var found = Read();
        if (found.Generation != expected.Generation || found.Size != expected.Size)
        {
            return false;
        }

        then();
        return true;
    }

    /// <exception cref="IOException">Another sealer holds it now.</exception>
    private FileStream Lock() => new(Path.Combine(folder.Root, $"{partition}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
}
