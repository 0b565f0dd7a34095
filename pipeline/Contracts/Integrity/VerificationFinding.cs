using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>What a finding means. The zero value is the bad one (I7).</summary>
public enum VerificationSeverity
{
    /// <summary>The ledger is not what was signed.</summary>
    Broken = 0,

    /// <summary>Worth knowing, and as it should be.</summary>
    Fact = 1,
}

/// <summary>One thing that verification found.</summary>
public sealed record VerificationFinding
{
    /// <summary>What was checked, one of <see cref="VerificationChecks"/>.</summary>
    public required string Check { get; init; }

    /// <summary>What it means.</summary>
    public required VerificationSeverity Severity { get; init; }

    /// <summary>The sequence it is about.</summary>
    public required LedgerPartition Partition { get; init; }

    /// <summary>Offset of the record; null when it is about none.</summary>
    public long? Offset { get; init; }

    /// <summary>Id of the event; null when it is about none or cannot be read.</summary>
    public EventId? Event { get; init; }

    /// <summary>Index of the leaf; null when it is about none.</summary>
    public long? Leaf { get; init; }

    /// <summary>How many records it is about.</summary>
    public long Count { get; init; } = 1;

    /// <summary>What should be there.</summary>
    public string? Expected { get; init; }

    /// <summary>What is there.</summary>
    public string? Found { get; init; }
}

/// <summary>The names of what is checked.</summary>
public static class VerificationChecks
{
    /// <summary>There is no signed checkpoint.</summary>
    public const string CheckpointMissing = "checkpoint-missing";

    /// <summary>The checkpoint is not of the form that the specification gives.</summary>
    public const string CheckpointMalformed = "checkpoint-malformed";

    /// <summary>The checkpoint is signed, but by no key that is trusted.</summary>
    public const string SignedByAnotherKey = "signed-by-another-key";

    /// <summary>The checkpoint bears a trusted key's name and id, and the signature fails.</summary>
    public const string SignatureForged = "signature-forged";

    /// <summary>The checkpoint is of another log.</summary>
    public const string WrongOrigin = "wrong-origin";

    /// <summary>The checkpoint covers fewer leaves than one that was kept: the log was set back.</summary>
    public const string RolledBack = "rolled-back";

    /// <summary>The tree does not extend the one of a checkpoint that was kept: there are two histories.</summary>
    public const string NotAnExtension = "not-an-extension";

    /// <summary>A checkpoint that was kept is itself signed by no trusted key, or unreadable.</summary>
    public const string KeptCheckpointUntrusted = "kept-checkpoint-untrusted";

    /// <summary>A tile that the checkpoint needs is not there.</summary>
    public const string TileMissing = "tile-missing";

    /// <summary>A tile does not hold the hashes of what is below it.</summary>
    public const string TileAltered = "tile-altered";

    /// <summary>The leaves do not give the root that was signed.</summary>
    public const string RootMismatch = "root-mismatch";

    /// <summary>An entry is not a leaf of this ledger or not the one the tile commits to.</summary>
    public const string EntryAltered = "entry-altered";

    /// <summary>A record's bytes are not those that were sealed.</summary>
    public const string RecordAltered = "record-altered";

    /// <summary>Two records stand in each other's place.</summary>
    public const string RecordsSwapped = "records-swapped";

    /// <summary>A record stands a second time, in another's place or between two.</summary>
    public const string RecordDuplicated = "record-duplicated";

    /// <summary>A record that was never sealed stands among sealed ones.</summary>
    public const string RecordInserted = "record-inserted";

    /// <summary>Sealed records are missing between others.</summary>
    public const string RecordsMissing = "records-missing";

    /// <summary>Records stand at other offsets than they were sealed at, because of what is missing or too many before them.</summary>
    public const string RecordsDisplaced = "records-displaced";

    /// <summary>The last sealed records are missing.</summary>
    public const string TailTruncated = "tail-truncated";

    /// <summary>A stretch of a segment file holds no records.</summary>
    public const string SegmentDamaged = "segment-damaged";

    /// <summary>A stretch of a segment file holds no records, nothing was signed for there, and an operator accepted it in the control log.</summary>
    public const string DamageAccepted = "damage-accepted";

    /// <summary>Retention dropped the first records and said so; their proofs still verify.</summary>
    public const string SegmentsDropped = "segments-dropped";

    /// <summary>Records that no checkpoint covers yet.</summary>
    public const string UnsealedTail = "unsealed-tail";

    /// <summary>The last write was cut off and is covered by no checkpoint.</summary>
    public const string TornTail = "torn-tail";

    /// <summary>A writer fell silent without a last word while others went on: what it recorded last may not be here.</summary>
    public const string WriterSilent = "writer-silent";

    /// <summary>A fault in a chain; the rest of the name is the fault's.</summary>
    public const string Chain = "chain-";

    /// <summary>A blob that an event refers to is not there.</summary>
    public const string BlobMissing = "blob-missing";

    /// <summary>A blob is not what the event that refers to it says.</summary>
    public const string BlobAltered = "blob-altered";

    /// <summary>The event or range asked for is not in the tree.</summary>
    public const string NotSealed = "not-sealed";
}
