namespace McpLedger.Gateway.Answers;

/// <summary>Reads an answer's body into memory, bounded in bytes and in time: a server that drips its answer must not hold a call for ever.</summary>
internal static class AnswerReader
{
    private const int FirstGuess = 4096;
    private const int MostOnItsWord = 64 * 1024;

    /// <summary>Reads to the end. After a timeout a read is still under way: the answer it belongs to must be disposed of.</summary>
    /// <returns>Null when it is longer than <paramref name="maxBytes"/>.</returns>
    /// <exception cref="IOException">The server broke off.</exception>
    /// <exception cref="TimeoutException">It did not come within <paramref name="longest"/>.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(Stream body, long? length, int maxBytes, TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        if (length > maxBytes)
        {
            return null;
        }

        // One byte more than announced, so that the read that finds the end needs no larger buffer; and little on the server's word alone.
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(Math.Min(length ?? FirstGuess, MostOnItsWord) + 1, maxBytes + 1L));
        var filled = 0;
        long? began = null;
        while (true)
        {
            // What is there already costs no timer.
            var reading = body.ReadAsync(bytes.AsMemory(filled), cancellationToken);
            var read = reading.IsCompleted ? await reading : await reading.AsTask().WaitAsync(Left(longest, began ??= time.GetTimestamp(), time), time, CancellationToken.None);
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

    private static TimeSpan Left(TimeSpan longest, long began, TimeProvider time)
    {
        var left = longest - time.GetElapsedTime(began);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
