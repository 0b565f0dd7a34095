namespace McpLedger.Projections.Search.Elastic;

/// <summary>One document to be indexed.</summary>
/// <param name="Offset">Offset of its record, which names it in what the writer answers.</param>
/// <param name="Lines">Action and document, each with its line end.</param>
internal readonly record struct BulkItem(long Offset, ReadOnlyMemory<byte> Lines);

/// <summary>What became of items: each is one of these.</summary>
internal sealed class BulkOutcome
{
    /// <summary>Documents that are new.</summary>
    public int Made { get; set; }

    /// <summary>Documents that were there already.</summary>
    public int There { get; set; }

    /// <summary>Documents that the engine will never take, by offset, with its reason.</summary>
    public Dictionary<long, string> Refused { get; } = [];
}
