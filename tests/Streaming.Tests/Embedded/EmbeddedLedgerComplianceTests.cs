using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

public sealed class EmbeddedLedgerComplianceTests : LedgerCompliance
{
    private TemporaryLedger? _ledger;

    protected override async Task<(ILedgerWriter Writer, ILedgerReader Reader)> OpenAsync()
    {
        _ledger = await TemporaryLedger.OpenAsync();
        return (_ledger.Ledger, _ledger.Ledger);
    }

    protected override ValueTask CloseAsync() => _ledger?.DisposeAsync() ?? default;
}
