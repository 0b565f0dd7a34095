using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>Decides whether a partition's checkpoint may be believed, from public keys alone and from checkpoints that somebody kept.</summary>
public static class CheckpointTrust
{
    /// <summary>
    /// The keys that may sign for a partition. A ledger's trees have origins <c>{prefix}/{partition}</c> and one key: a vkey for one partition
    /// vouches for the same public key under the other partitions' names.
    /// </summary>
    public static VerifierKey[] KeysFor(LedgerPartition partition, IReadOnlyList<VerifierKey> trusted) =>
        [.. trusted.Select(k => k.Named(PrefixOf(k.Name) + partition)).DistinctBy(static k => k.ToString())];

    /// <summary>Reads and judges a checkpoint; what is wrong goes to <paramref name="findings"/>.</summary>
    /// <returns>The checkpoint as it reads, believed or not; null when there is none.</returns>
    public static Checkpoint? Read(LedgerPartition partition, ReadOnlySpan<byte> bytes, IReadOnlyList<VerifierKey> trusted, ICollection<VerificationFinding> findings)
    {
        if (bytes.IsEmpty)
        {
            findings.Add(Broken(VerificationChecks.CheckpointMissing, partition, "a signed checkpoint", "none"));
            return null;
        }

        if (!Checkpoint.TryParse(bytes, out var note, out var checkpoint))
        {
            findings.Add(Broken(VerificationChecks.CheckpointMalformed, partition, "a checkpoint (C2SP tlog-checkpoint)", $"{bytes.Length} bytes that are none"));
            return null;
        }

        var keys = KeysFor(partition, trusted);
        var verdict = note!.Open(keys);
        if (verdict != NoteVerdict.Verified)
        {
            findings.Add(Broken(
                verdict == NoteVerdict.Forged ? VerificationChecks.SignatureForged : VerificationChecks.SignedByAnotherKey,
                partition,
                string.Join(" or ", keys.Select(static k => $"{k.Name}+{k.KeyId:x8}")),
                string.Join(", ", note.Signatures.Select(static s => $"{s.Name}+{s.KeyId:x8}"))));
        }
        else if (keys.All(k => k.Name != checkpoint!.Origin))
        {
            findings.Add(Broken(VerificationChecks.WrongOrigin, partition, string.Join(" or ", keys.Select(static k => k.Name).Distinct()), checkpoint!.Origin));
        }

        return checkpoint;
    }

    /// <summary>Checks that a tree goes on from a checkpoint that somebody kept.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="kept">The kept checkpoint's note.</param>
    /// <param name="now">The checkpoint of the ledger as it is.</param>
    /// <param name="tiles">The ledger's tiles.</param>
    /// <param name="trusted">The keys.</param>
    /// <param name="findings">Where what is wrong goes.</param>
    public static void Extends(
        LedgerPartition partition, ReadOnlySpan<byte> kept, Checkpoint now, TileSource tiles, IReadOnlyList<VerifierKey> trusted, ICollection<VerificationFinding> findings)
    {
        if (!Checkpoint.TryParse(kept, out var note, out var before) || note!.Open(KeysFor(partition, trusted)) != NoteVerdict.Verified)
        {
            findings.Add(Broken(VerificationChecks.KeptCheckpointUntrusted, partition, "a checkpoint signed by a trusted key", before is null ? "none" : "another key's signature"));
            return;
        }

        Extends(partition, before!, now, tiles, "as a checkpoint that was kept says", findings);
    }

    /// <summary>Checks that a tree goes on from one that is known to have been signed.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="before">What was signed.</param>
    /// <param name="now">The checkpoint of the ledger as it is.</param>
    /// <param name="tiles">The ledger's tiles.</param>
    /// <param name="from">Where that is known from, in words.</param>
    /// <param name="findings">Where what is wrong goes.</param>
    public static void Extends(LedgerPartition partition, Checkpoint before, Checkpoint now, TileSource tiles, string from, ICollection<VerificationFinding> findings)
    {
        if (before.Size > now.Size)
        {
            findings.Add(Broken(VerificationChecks.RolledBack, partition, $"at least {before.Size} leaves, {from}", $"{now.Size} leaves") with { Count = before.Size - now.Size });
            return;
        }

        if (before.Size == 0)
        {
            return;
        }

        var tree = new TiledTree(now.Size, tiles);
        if (tree.Consistency(before.Size) is not { } proof)
        {
            findings.Add(Broken(VerificationChecks.TileMissing, partition, tree.Missing!.Value.Path, "no such file, or too short"));
        }
        else if (!MerkleProof.VerifyConsistency(before.Size, now.Size, before.Root, now.Root, [.. proof]))
        {
            findings.Add(Broken(VerificationChecks.NotAnExtension, partition, $"a tree that begins with the {before.Size} leaves of root {before.Root}, {from}", "a tree that does not"));
        }
    }

    /// <summary>The partition that a kept checkpoint is of, by its origin's last part.</summary>
    public static LedgerPartition? PartitionOf(ReadOnlySpan<byte> kept) =>
        Checkpoint.TryParse(kept, out _, out var checkpoint) && LedgerPartition.TryParse(checkpoint!.Origin.AsSpan(PrefixOf(checkpoint.Origin).Length), out var partition) ? partition : null;

    /// <summary>The partition that a key is named for; null where its name ends otherwise.</summary>
    public static LedgerPartition? PartitionOf(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return LedgerPartition.TryParse(key.Name.AsSpan(PrefixOf(key.Name).Length), out var partition) ? partition : null;
    }

    /// <summary>What the origins of a ledger's partitions begin with, by one of them or by a key's name.</summary>
    public static string PrefixOf(string origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return origin[..(origin.LastIndexOf('/') + 1)];
    }

    /// <summary>The prefix of a checkpoint that a trusted key signed; null where there is none.</summary>
    public static string? PrefixOf(LedgerPartition partition, ReadOnlySpan<byte> checkpoint, IReadOnlyList<VerifierKey> trusted) =>
        Checkpoint.TryParse(checkpoint, out var note, out var read) && note!.Open(KeysFor(partition, trusted)) == NoteVerdict.Verified ? PrefixOf(read!.Origin) : null;

    internal static VerificationFinding Broken(string check, LedgerPartition partition, string? expected, string? found) =>
        new() { Check = check, Severity = VerificationSeverity.Broken, Partition = partition, Expected = expected, Found = found };
}
