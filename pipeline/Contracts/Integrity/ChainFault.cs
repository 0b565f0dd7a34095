using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>What can be wrong with a chain.</summary>
public enum ChainFaultKind
{
    /// <summary>A record is no event.</summary>
    Unreadable = 0,

    /// <summary>Records are missing.</summary>
    Gap = 1,

    /// <summary>A record stands behind one that was written after it.</summary>
    Reordered = 2,

    /// <summary>A place in the chain is taken twice.</summary>
    Duplicated = 3,

    /// <summary>A record names another predecessor than the one that is there: that one was altered, or this one is not of this chain.</summary>
    BrokenLink = 4,
}

/// <summary>One fault in a chain.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Offset">Offset of the record at which it shows.</param>
/// <param name="Event">Id of that record's event; null when it cannot be read.</param>
/// <param name="Detail">What was expected and what was found, for people.</param>
public sealed record ChainFault(ChainFaultKind Kind, long Offset, EventId? Event, string Detail)
{
    /// <summary>The kind as events write it: gap | reordered | duplicated | broken-link | unreadable.</summary>
    public string Name => Kind switch
    {
        ChainFaultKind.Gap => "gap",
        ChainFaultKind.Reordered => "reordered",
        ChainFaultKind.Duplicated => "duplicated",
        ChainFaultKind.BrokenLink => "broken-link",
        _ => "unreadable",
    };
}

/// <summary>Where one chain stands after the records read so far.</summary>
/// <param name="Chain">Its id, <c>{instance}/{boot epoch}/{partition}</c>.</param>
/// <param name="NextSeq">The seq that its next record must have.</param>
/// <param name="Last">Digest of its last record.</param>
/// <param name="Offset">Offset of that record.</param>
/// <param name="Event">Id of that record's event.</param>
/// <param name="Gaps">Places that were skipped and may still come late; bounded.</param>
/// <param name="IsLate">Whether records of it stood behind a later boot's, and that was said.</param>
public sealed record ChainHead(string Chain, long NextSeq, Digest Last, long Offset, EventId Event, IReadOnlyList<ChainGap> Gaps, bool IsLate = false);

/// <summary>Places in a chain that were skipped.</summary>
/// <param name="From">First seq that is missing.</param>
/// <param name="To">Last seq that is missing.</param>
/// <param name="Offset">Offset of the record that came instead.</param>
/// <param name="Event">Id of that record's event.</param>
public readonly record struct ChainGap(long From, long To, long Offset, EventId Event);
