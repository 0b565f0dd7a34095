namespace McpLedger.Gateway.Answers;

/// <summary>Reads an answer's body into memory, bounded.</summary>
internal static class AnswerReader
{
    private const int FirstGuess = 4096;

    /// <summary>Reads to the end.</summary>
    /// <returns>Null when it is longer than <paramref name="maxBytes"/>.</returns>
    /// <exception cref="IOException">The server broke off.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(Stream body, long? length, int maxBytes, CancellationToken cancellationToken)
    {
        if (length > maxBytes)
        {
            return null;
        }

        // One byte more than announced, so that the read that finds the end needs no larger buffer.
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min((length ?? FirstGuess) + 1, maxBytes + 1L));
        var filled = 0;
        while (true)
        {
            var read = await body.ReadAsync(bytes.AsMemory(filled), cancellationToken);
            if (read == 0)
            {
                return bytes.AsMemory(0, filled);
            }

            filled += read;
            if (filled > maxBytes)
            {
                return null;
            }

            if (filled == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(bytes.Length * 2L, maxBytes + 1L));
            }
        }
    }
}
