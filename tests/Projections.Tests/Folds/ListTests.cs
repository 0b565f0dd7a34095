using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Projections.Search;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Tests.Folds;

/// <summary>Lists that are longer than a page.</summary>
public sealed class ListTests
{
    private const int Many = 1_500;

    [Fact]
    public async Task Every_key_is_listed_however_many_there_are()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(91), new MemoryLedger());
        for (var i = 0; i < Many; i++)
        {
            given.Append(ledger, new KeyCreated($"key{i:d5}", Digest.Of("secret"u8), "ada", null, [], "human", "admin", null));
        }

        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var keys = await AllAsync(cursor => queries.KeysAsync(SearchRequest.MostHits, cursor, CancellationToken.None));

        Assert.Equal(Enumerable.Range(0, Many).Select(i => $"key{i:d5}"), keys.Select(k => k.Key));
        Assert.Equal("limit", (await queries.KeysAsync(201, null, CancellationToken.None)).Fault?.Field);
        Assert.Equal("cursor", (await queries.KeysAsync(1, "!", CancellationToken.None)).Fault?.Field);
    }

    [Fact]
    public async Task Names_that_were_called_and_never_listed_come_behind_the_tools_that_were()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(92), new MemoryLedger());
        for (var i = 0; i < Many; i++)
        {
            given.Append(ledger, given.Intended(given.NewId(), "alice", "files", $"!{i:d4}", "s-1", "x"));
        }

        foreach (var server in new[] { "mail", "files" })
        {
            given.Append(ledger, new ToolPinned { Server = server, Tool = "rm", Definition = Digest.Of("rm"u8), Content = RawJson.FromTrusted("{}"u8.ToArray()) });
        }

        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var tools = await AllAsync(cursor => queries.ToolsAsync(new() { Cursor = cursor }, CancellationToken.None));

        Assert.Equal(["files/rm", "mail/rm", "files/!0000"], tools.Take(3).Select(t => ToolFold.KeyOf(t.Server, t.Tool)));
        Assert.Equal((Many + 2, Many + 2), (tools.Count, tools.DistinctBy(t => ToolFold.KeyOf(t.Server, t.Tool)).Count()));
    }

    private static async Task<List<T>> AllAsync<T>(Func<string?, ValueTask<Answer<ViewPage<T>>>> read)
    {
        var views = new List<T>();
        string? cursor = null;
        do
        {
            var page = (await read(cursor)).Value!;
            views.AddRange(page.Items);
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return views;
    }
}
