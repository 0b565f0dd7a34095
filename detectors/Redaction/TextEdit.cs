namespace McpLedger.Detectors.Redaction;

/// <summary>A range of a message's bytes and what stands in its place.</summary>
/// <param name="Start">First byte in the message as it was.</param>
/// <param name="Length">Bytes taken out.</param>
/// <param name="InsertStart">Where the bytes put in begin in <see cref="EditList.Inserts"/>.</param>
/// <param name="InsertLength">How many there are; 0 where something is only taken out.</param>
/// <param name="Kind">Why: the id of a rule, or the kind of what was stripped. What is recorded.</param>
public readonly record struct TextEdit(int Start, int Length, int InsertStart, int InsertLength, string Kind)
{
    /// <summary>First byte after what is taken out.</summary>
    public int End => Start + Length;
}
