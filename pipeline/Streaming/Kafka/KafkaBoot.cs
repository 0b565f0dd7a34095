using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Kafka;

/// <summary>A boot of this instance, as it was counted.</summary>
/// <param name="Identity">Who writes.</param>
/// <param name="Landed">Where the last records of this instance were seen when it was counted. Not kept: a look for what landed begins where the folder itself last knew it.</param>
/// <param name="IsFirst">Whether nothing was found that the instance had written before.</param>
/// <param name="ControlSeen">Offset up to which the control log was looked at for that; without end where the name was made for this boot.</param>
internal sealed record KafkaBoot(LedgerIdentity Identity, LedgerPositions Landed, bool IsFirst, long ControlSeen)
{
    /// <summary>
    /// Counts a boot. A folder that was lost, or restored from an older copy, knows less of its instance than the control log: it counts on from there, and its chains go on behind
    /// what the cluster has. Where the cluster is away the folder's own word has to do; a boot that is behind nevertheless is refused before anything of it is sent.
    /// </summary>
    /// <param name="options">The ledger's.</param>
    /// <param name="known">What the folder says of itself; null where it is new.</param>
    /// <param name="ledger">Id of the ledger.</param>
    /// <param name="positions">What the folder kept.</param>
    /// <param name="calls">The partitions of calls that it writes to.</param>
    /// <param name="landed">Looks for records in the cluster.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="IOException">The disk refuses; or the folder knows nothing, and the cluster cannot be read.</exception>
    public static async Task<KafkaBoot> CountAsync(KafkaLedgerOptions options, LedgerIdentity? known, EventId ledger, LedgerPositions positions, IEnumerable<LedgerPartition> calls, LandedRecords landed, CancellationToken cancellationToken)
    {
        // A name that is made now has written nothing.
        var instance = options.Instance ?? known?.Instance;
        var seenTo = instance is null ? long.MaxValue : known is null ? await landed.EndAsync(LedgerPartition.Control, cancellationToken).ConfigureAwait(false) : 0;
        var last = instance is null ? null
            : await IfItAnswersAsync(known, () => landed.LastOfAsync(LedgerPartition.Control, instance, positions.OffsetOf(LedgerPartition.Control, instance) ?? 0, cancellationToken)).ConfigureAwait(false);
        var seen = positions;
        if (last is not null && seen.IsBefore(LedgerPartition.Control, last))
        {
            foreach (var place in calls)
            {
                // One partition without a leader keeps nobody from recording on this disk.
                var found = await IfItAnswersAsync(known, () => landed.LatestOfAsync(place, instance!, last.Epoch, seen.OffsetOf(place, instance!), cancellationToken)).ConfigureAwait(false);
                seen = found is not null && seen.IsBefore(place, found) ? seen.With(place, found) : seen;
            }

            seen = seen.With(LedgerPartition.Control, last);
        }

        var origin = $"{options.OriginHost}/mcpledger/{Digest.Of(ledger.Value.ToByteArray(bigEndian: true)).ToString()[..8]}";
        return new(LedgerIdentity.Boot(options.Folder, options.Instance, last?.Epoch ?? 0, () => (ledger, origin)), seen, last is null && known is null, seenTo);
    }

    private static async Task<LandedRecord?> IfItAnswersAsync(LedgerIdentity? known, Func<Task<LandedRecord?>> look)
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (IOException) when (known is not null)
        {
            return null;
        }
    }
}
