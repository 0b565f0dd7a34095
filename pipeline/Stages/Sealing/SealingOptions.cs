using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>How a ledger is sealed.</summary>
public sealed record SealingOptions
{
    /// <summary>The data folder: tiles go to <c>tiles/</c>, states to <c>sealer/</c>, keys to <c>keys/</c>.</summary>
    public required string Folder { get; init; }

    /// <summary>What the origins of the ledger's trees begin with; a partition's origin is that, a slash and the partition's name.</summary>
    public required string OriginPrefix { get; init; }

    /// <summary>Source that the sealer's events carry: <c>/{role}/{instance}/{boot epoch}</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Longest time between a record and a checkpoint over it while the sealer keeps up.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time after which an unchanged tree is signed again, so that silence is provable, and between two announcements on the control log, which everybody reads from its first record.</summary>
    public TimeSpan IdleInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Leaves after which a checkpoint is signed without waiting for the interval.</summary>
    public int MaxLeaves { get; init; } = 16 * 1024;

    /// <summary>Bytes of records read at once.</summary>
    public int ReadBytes { get; init; } = 1024 * 1024;

    /// <summary>Algorithm of a signing key that has to be made: Ed25519, which every C2SP tool reads, or ECDSA on P-256.</summary>
    public NoteAlgorithm Algorithm { get; init; } = NoteAlgorithm.Ed25519;

    internal string Tiles => Path.Combine(Folder, "tiles");

    internal string States => Path.Combine(Folder, "sealer");

    internal string Keys => Path.Combine(Folder, "keys");
}
