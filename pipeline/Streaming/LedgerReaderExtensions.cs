using McpLedger.Contracts.Events;

namespace McpLedger.Streaming;

/// <summary>What every reader of the ledger can do.</summary>
public static class LedgerReaderExtensions
{
    /// <summary>
    /// Waits for a record, and no longer than a while. Whoever waits at a log that is away hears nothing, and so does whoever waits at one to which nothing is written: reading tells them apart.
    /// </summary>
    /// <param name="reader">The ledger.</param>
    /// <param name="partition">One partition.</param>
    /// <param name="from">Offset of the record.</param>
    /// <param name="longest">After which it is read again, whether or not anything was heard.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="IOException">The ledger cannot be asked.</exception>
    public static async Task WaitUpToAsync(this ILedgerReader reader, LedgerPartition partition, long from, TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        using var look = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, look.Token);
        try
        {
            await reader.WaitAsync(partition, from, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is read again.
        }
    }
}
