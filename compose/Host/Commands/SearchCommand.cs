using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Output;
using McpLedger.Projections.Search;

namespace McpLedger.Host.Commands;

/// <summary><c>search</c>: finds events.</summary>
internal static class SearchCommand
{
    private const int TopValues = 5;

    public static Command Create()
    {
        var query = new Argument<string>("query") { Description = "Such as 'server:github and outcome:tool-error', 'tool:delete*', '\"exact words\"', 'duration >= 2s'. Empty finds everything.", DefaultValueFactory = _ => "" };
        var from = CommonOptions.Time("--from", "Earliest time, ISO 8601 or now-1h; UTC where no offset is written.");
        var to = CommonOptions.Time("--to", "Latest time, ISO 8601 or now-1h; UTC where no offset is written.");
        var limit = new Option<int>("--limit", "-n") { Description = $"Hits of a page, 1 to {SearchRequest.MostHits}.", DefaultValueFactory = _ => 20 };
        var cursor = CommonOptions.Cursor();
        var housekeeping = new Option<bool>("--housekeeping") { Description = "Also heartbeats, checkpoints and writers' starts and stops." };
        var command = new Command("search", "Search what was recorded: hits, facets and a histogram.") { query, from, to, limit, cursor, housekeeping };
        return command.Runs((parsed, terminal, cancellationToken) =>
        {
            var request = new SearchRequest
            {
                Query = parsed.GetValue(query)!,
                From = parsed.GetValue(from),
                To = parsed.GetValue(to),
                Limit = parsed.GetValue(limit),
                Cursor = parsed.GetValue(cursor),
                Housekeeping = parsed.GetValue(housekeeping),
            };
            return Doorway.AskAsync(parsed, terminal, door => door.SearchAsync(request, cancellationToken), page => Show(terminal, page));
        });
    }

    public static void Show(Terminal terminal, SearchPage page)
    {
        terminal.Table(["time", "event", "type", "principal", "server", "name", "verdict", "outcome"], page.Hits.Select(RowOf));
        if (page.Summary is { } summary)
        {
            terminal.Line($"{summary.Total} found ({summary.Basis})");
            foreach (var facet in summary.Facets.Where(f => f.Values.Count > 0))
            {
                terminal.Line(Terminal.OneLine($"  {facet.Field}{(facet.Newest is { } newest ? $" (of the newest {newest})" : "")}: {string.Join(", ", facet.Values.Take(TopValues).Select(v => $"{v.Value} {v.Count}"))}"));
            }
        }

        terminal.More(page.Cursor);
    }

    public static string?[] RowOf(Hit hit) =>
        [hit.Time.UtcDateTime.ToString("MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), hit.Event, hit.Type, hit.Principal, hit.Server, hit.Name ?? hit.Method, hit.Verdict, hit.Outcome];
}
