using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>A chain that begins.</summary>
/// <param name="Partition">The partition that it numbers.</param>
/// <param name="Chain">The chain.</param>
/// <param name="Started">Its first event.</param>
internal readonly record struct BegunChain(LedgerPartition Partition, ChainWriter Chain, EventDraft Started);

/// <summary>The chains that one row of segments carries: the embedded ledger's partition has one, a spool one for each partition it is shipped to. Not thread safe but for <see cref="WrittenTo"/>.</summary>
internal sealed class ChainSet
{
    private readonly Dictionary<LedgerPartition, int> _places;
    private readonly ChainWriter[] _chains;
    private readonly ChainPosition[] _kept;
    private readonly long[] _written;

    public ChainSet(IReadOnlyList<BegunChain> begun)
    {
        _places = begun.Select(static (b, i) => (b.Partition, i)).ToDictionary(static b => b.Partition, static b => b.i);
        _chains = [.. begun.Select(static b => b.Chain)];
        _kept = [.. _chains.Select(static c => c.Position)];
        _written = new long[_chains.Length];
    }

    /// <summary>The chain of a partition.</summary>
    public ChainWriter Of(LedgerPartition partition) => _chains[_places[partition]];

    /// <summary>Records of a partition's chain that are kept.</summary>
    public long WrittenTo(LedgerPartition partition) => Interlocked.Read(ref _written[_places[partition]]);

    /// <summary>Upper bound of a record's bytes, whichever chain it goes on.</summary>
    public int MaxLength(int tailLength)
    {
        var longest = 0;
        foreach (var chain in _chains)
        {
            longest = Math.Max(longest, chain.MaxLength(tailLength));
        }

        return longest;
    }

    /// <summary>What was composed is stored.</summary>
    public void Keep()
    {
        for (var i = 0; i < _chains.Length; i++)
        {
            _kept[i] = _chains[i].Position;
            Interlocked.Exchange(ref _written[i], _kept[i].NextSeq);
        }
    }

    /// <summary>What was composed since it was kept last is not stored: its places are given again.</summary>
    public void Return()
    {
        for (var i = 0; i < _chains.Length; i++)
        {
            _chains[i].ReturnTo(_kept[i]);
        }
    }
}
