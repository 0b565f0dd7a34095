using McpLedger.Contracts.Events;

namespace McpLedger.Stages.Verification;

/// <summary>
/// The control log's word on records that are not there. Where what was read of it does not account for them it is read anew, for a ledger that lives says and drops more while it is verified;
/// once for whatever was read since.
/// </summary>
internal sealed class ControlWord(SaidInControl? said, Func<SaidInControl> read)
{
    private SaidInControl? _said = said;
    private SaidInControl? _newest;

    /// <summary>What was read first.</summary>
    public SaidInControl Said => _said ??= _newest = read();

    /// <summary>Records were read since: what they lack may have been dropped since.</summary>
    public void Expire() => _newest = null;

    /// <summary>Whether records from <paramref name="first"/> to <paramref name="last"/> of a partition were dropped, as was said and sealed.</summary>
    public bool HasDropped(LedgerPartition partition, long first, long last) => Said.HasDropped(partition, first, last) || Newest().HasDropped(partition, first, last);

    /// <summary>The same, where that was said in a record that no checkpoint covers.</summary>
    public bool SaysUnsealed(LedgerPartition partition, long first, long last) => Said.SaysUnsealed(partition, first, last) || Newest().SaysUnsealed(partition, first, last);

    private SaidInControl Newest() => _newest ??= read();
}
