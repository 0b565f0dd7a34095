using McpLedger.Host.Commands;
using McpLedger.Projections.Search;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Host.Doors;

/// <summary>Every tool that waits for an operator, whatever the number of pages.</summary>
internal static class WithheldTools
{
    /// <param name="door">Where to ask.</param>
    /// <param name="server">Only this server's; null for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<DoorAnswer<IReadOnlyList<ToolView>>> AllAsync(ILedgerDoor door, string? server, CancellationToken cancellationToken)
    {
        var withheld = new List<ToolView>();
        var filter = new ToolFilter { Server = server, Withheld = true };
        do
        {
            var (page, fault, exitCode) = await door.ToolsAsync(filter, cancellationToken);
            if (page is null)
            {
                return new(null, fault, exitCode);
            }

            withheld.AddRange(page.Items);
            filter = filter with { Cursor = page.Cursor };
        }
        while (filter.Cursor is not null);
        return new(withheld, null, ExitCode.Ok);
    }
}
