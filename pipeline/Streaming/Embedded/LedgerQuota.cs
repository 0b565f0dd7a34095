namespace McpLedger.Streaming.Embedded;

/// <summary>Counts what the ledger and its blobs hold, and says when it is too much. Room set aside and not yet written is not counted.</summary>
internal sealed class LedgerQuota(EmbeddedLedgerOptions options, LedgerTelemetry telemetry)
{
    private const double WarnAt = 0.8;

    private long _used;
    private int _level;

    public long Used => Interlocked.Read(ref _used);

    public bool IsPast => options.QuotaBytes > 0 && Used >= options.QuotaBytes;

    public LedgerHealth Health => options.QuotaBytes == 0 ? new(LedgerStatus.Ready, null, 0, Used, 0)
        : IsPast ? new(LedgerStatus.Unavailable, $"the quota is used up: {Used} of {options.QuotaBytes} bytes; calls are refused until room is made", 0, Used, options.QuotaBytes)
        : Used >= options.QuotaBytes * WarnAt ? new(LedgerStatus.Degraded, $"{Used} of the quota's {options.QuotaBytes} bytes are used", 0, Used, options.QuotaBytes)
        : new(LedgerStatus.Ready, null, 0, Used, options.QuotaBytes);

    public void Added(long bytes)
    {
        Interlocked.Add(ref _used, bytes);
        Tell();
    }

    /// <summary>Counts anew from the files.</summary>
    public void Recount(IEnumerable<PartitionLog> logs)
    {
        // Walking a large blob folder costs; without a quota nobody asks.
        var used = options.QuotaBytes > 0 ? FolderBytes(Path.Combine(options.Folder, "blobs")) : 0;
        foreach (var log in logs)
        {
            used += log.RecordBytes();
        }

        Interlocked.Exchange(ref _used, used);
        Tell();
    }

    private static long FolderBytes(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static f => f.Length) : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Files come and go while they are counted; the next count is right again.
            return 0;
        }
    }

    private void Tell()
    {
        var level = IsPast ? 2 : options.QuotaBytes > 0 && Used >= options.QuotaBytes * WarnAt ? 1 : 0;
        if (Interlocked.Exchange(ref _level, level) is var before && level > before)
        {
            if (level == 2)
            {
                telemetry.LogQuotaPast(Used, options.QuotaBytes);
            }
            else
            {
                telemetry.LogQuotaNear(Used, options.QuotaBytes);
            }
        }
    }
}
