using System.Text.Json;
using System.Text.Json.Serialization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>How far a partition is sealed. The tiles hold the tree; this holds what the tree does not say.</summary>
internal sealed record SealerState
{
    public required string Partition { get; init; }

    /// <summary>Which sealer wrote this. Of two sealers the one with the larger generation is right.</summary>
    public required long Generation { get; init; }

    /// <summary>Leaves in the tree.</summary>
    public required long Size { get; init; }

    /// <summary>Root of the tree: tiles that give another one are not this tree's.</summary>
    public required string Root { get; init; }

    /// <summary>Offset of the first record that is not sealed.</summary>
    public required long Next { get; init; }

    public IReadOnlyList<SealedChain> Chains { get; init; } = [];

    /// <summary>Faults that were found in sealed records and are not known to be on the control log yet.</summary>
    public IReadOnlyList<FoundFault> Unreported { get; init; } = [];

    /// <summary>End of the control log before the first of them was reported: a report made before a crash stands after it.</summary>
    public long ReportedFrom { get; init; }

    /// <summary>Offset of damage that was reported and not yet passed; -1 for none.</summary>
    public long DamageAt { get; init; } = -1;

    public static SealerState Empty(LedgerPartition partition) => new()
    {
        Partition = partition.ToString(),
        Generation = 0,
        Size = 0,
        Root = MerkleTree.EmptyRoot.ToString(),
        Next = 0,
    };

    public static SealerState? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SealerJson.Default.SealerState);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, SealerJson.Default.SealerState);
}

/// <summary>A <see cref="ChainHead"/> as it is stored.</summary>
internal sealed record SealedChain(string Chain, long NextSeq, string Last, long Offset, string Event, IReadOnlyList<SealedGap> Gaps, bool IsLate = false)
{
    public static SealedChain Of(ChainHead head) =>
        new(head.Chain, head.NextSeq, head.Last.ToString(), head.Offset, head.Event.ToString(), [.. head.Gaps.Select(static g => new SealedGap(g.From, g.To, g.Offset, g.Event.ToString()))], head.IsLate);

    public ChainHead? Head() =>
        Digest.TryParse(Last, out var last) && EventId.TryParse(Event, out var id)
            ? new(Chain, NextSeq, last, Offset, id, [.. Gaps.Select(static g => new ChainGap(g.From, g.To, g.Offset, EventId.TryParse(g.Event, out var at) ? at : default))], IsLate)
            : null;
}

/// <summary>A <see cref="ChainGap"/> as it is stored.</summary>
internal sealed record SealedGap(long From, long To, long Offset, string Event);

/// <summary>A fault as it is stored and reported.</summary>
internal sealed record FoundFault(long Offset, string Fault, string Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SealerState))]
[JsonSerializable(typeof(KeyRotation))]
internal sealed partial class SealerJson : JsonSerializerContext;
