using McpLedger.Contracts.Events;
using McpLedger.Stages.Verification;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>Segments that are read while their writer goes on.</summary>
public sealed class SegmentScanTests
{
    [Fact]
    public async Task A_segment_that_ends_earlier_while_it_is_read_is_read_to_its_end()
    {
        using var folder = new TemporaryFolder();
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System))
        {
            await ledger.AppendAsync(LedgerLog.Calls, "one");
            await ledger.AppendAsync(LedgerLog.Calls, "two");
        }

        var scan = new SegmentScan(Path.Combine(folder.Path, "ledger", "calls-0"));
        var seen = new Shortening(Assert.Single(scan.Segments).Path);

        await Task.Run(() => scan.Read(0, long.MaxValue, seen, CancellationToken.None), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal([0, 1, 2, 3], seen.Offsets);
    }

    /// <summary>Gives back the room behind the records when it sees the first of them, as the writer does when it begins the next segment.</summary>
    private sealed class Shortening(string path) : ISegmentVisitor
    {
        public List<long> Offsets { get; } = [];

        public void Record(long offset, ReadOnlySpan<byte> bytes, bool checksumHolds)
        {
            if (Offsets.Count == 0)
            {
                var content = File.ReadAllBytes(path);
                using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                RandomAccess.SetLength(file, (content.AsSpan().LastIndexOfAnyExcept((byte)0) + 8) & ~7L);
            }

            Offsets.Add(offset);
        }

        public void Damage(long offset, string what, bool atTheEnd) => Assert.Fail(what);
    }
}
