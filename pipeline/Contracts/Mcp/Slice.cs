namespace McpLedger.Contracts.Mcp;

/// <summary>A range of a message's bytes. Of length 0: absent, since no JSON value is empty.</summary>
internal readonly record struct Slice(int Start, int Length)
{
    public bool IsAbsent => Length == 0;

    public ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> message) => message.Slice(Start, Length);

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> message) => message.Slice(Start, Length);
}
