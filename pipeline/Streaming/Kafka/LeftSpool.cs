using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// What an earlier boot left on this disk, where calls now go past it: they were answered as durable, and so they are in the cluster before the first that is not. One shipper for all tries, since only it knows what it has under way.
/// </summary>
internal sealed class LeftSpool(string folder, KafkaLedgerOptions options, UnshippedBlobs blobs, ClusterSide cluster, ILedgerReader reader, LedgerTelemetry telemetry, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private PartitionLog? _log;
    private SpoolShipper? _shipper;
    private Task? _shipping;

    /// <summary>Ships what is left.</summary>
    /// <param name="partitions">Where it goes.</param>
    /// <param name="boot">The boot that now writes.</param>
    /// <param name="positions">What the folder kept.</param>
    /// <param name="keep">Keeps how far it came.</param>
    /// <param name="cancellationToken">Ends the wait, not the shipping.</param>
    /// <returns>Why this boot may not write; null when nothing is left.</returns>
    /// <exception cref="IOException">It is not all in the cluster yet.</exception>
    public async Task<string?> ShipAsync(IEnumerable<LedgerPartition> partitions, LedgerIdentity boot, LedgerPositions positions, Action<LedgerPositions> keep, CancellationToken cancellationToken)
    {
        if (_log is null)
        {
            var log = Spool.LogOf(folder);
            Spool.EndDamage(log, Spool.OptionsOf(folder, options), time, telemetry);
            log.LookAgain();
            _log = log;
        }

        positions = positions.Within(_log.Bounds.End);
        _shipper ??= new(_log, positions.Shipped, options.Spool, blobs, cluster.Producer!, cluster.Landed, time);

        if (_shipper.Left == 0)
        {
            return null;
        }

        if (_shipping is null && await _shipper.BeginAsync(partitions, boot, isRunning: false, positions, positions, reader, cancellationToken).ConfigureAwait(false) is { } foreign)
        {
            return foreign;
        }

        _shipping ??= _shipper.RunToEndAsync(patience: null, _closing.Token);
        await Task.WhenAny(_shipping, Task.Delay(options.AnswerTimeout, time, cancellationToken)).ConfigureAwait(false);
        keep(positions.With(_shipper.Shipped, cluster.Producer!.Tracks));
        if (_shipping.IsCompleted)
        {
            var ended = _shipping;
            _shipping = null;
            await ended.ConfigureAwait(false);
        }

        return _shipper.Left == 0 ? null
            : throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{_shipper.Left} records that calls left on this disk are not in the cluster yet{(_shipper.Trouble is { } trouble ? $": {trouble}" : "")}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await (_shipping ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _shipper?.Dispose();
        _closing.Dispose();
    }
}
