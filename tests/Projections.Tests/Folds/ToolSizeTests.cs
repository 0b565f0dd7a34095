using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Tests.Folds;

/// <summary>A server writes definitions as long as it likes, and others as often as it is asked.</summary>
public sealed class ToolSizeTests
{
    private const int Long = 300 * 1024;
    private readonly Given _given = new(73);

    [Fact]
    public async Task A_tool_that_flips_long_members_leaves_a_small_view_and_its_definition_whole()
    {
        using var home = new TemporaryHome();
        var ledger = new MemoryLedger();
        var content = Flip(ledger, "files", "evil", 40);
        _given.Append(ledger, _given.Intended(_given.NewId(), "alice", "files", "evil", "s-1", "x"));
        await home.FoldAsync(ledger, batchBytes: 1);

        Assert.InRange(LargestDoc(home, "tools"), 1, 4 * 1024);
        Assert.InRange(LargestDoc(home, "definitions"), Long, Long + (256 * 1024));
        var tool = await home.Queries(ledger).ToolAsync("files", "evil", CancellationToken.None);
        Assert.Equal((content, 1L, 32), (tool!.Content, tool.Calls, tool.History.Count));
        var newest = tool.History[^1];
        Assert.True(newest.Changes[0].Cut);
        Assert.StartsWith("…xxxx", newest.Changes[0].Before, StringComparison.Ordinal);
        Assert.EndsWith("x38\"", newest.Changes[0].Before, StringComparison.Ordinal);
        Assert.EndsWith("x39\"", newest.Changes[0].After, StringComparison.Ordinal);
        Assert.Equal(60, newest.Changes.Count + newest.Left);
        Assert.All(tool.History, s => Assert.All(s.Changes, c => Assert.NotEqual(c.Before, c.After)));
    }

    [Fact]
    public async Task What_is_short_is_kept_whole()
    {
        using var home = new TemporaryHome();
        var ledger = new MemoryLedger();
        foreach (var text in new[] { "\"a\"", "\"b\"", "\"c\"" })
        {
            _given.Append(ledger, Changed("files", "tame", [new("/description", Json("\"before\""), Json(text), "low")], "{}"));
        }

        await home.FoldAsync(ledger);

        var tool = await home.Queries(ledger).ToolAsync("files", "tame", CancellationToken.None);
        Assert.Equal(["\"a\"", "\"b\"", "\"c\""], tool!.History.Select(s => Assert.Single(s.Changes).After));
        Assert.All(tool.History, s => Assert.Equal((false, 0), (s.Changes[0].Cut, s.Left)));
    }

    [Fact]
    public async Task The_list_of_a_hundred_such_tools_is_small()
    {
        using var home = new TemporaryHome();
        var ledger = new MemoryLedger();
        for (var i = 0; i < 100; i++)
        {
            Flip(ledger, "files", $"evil-{i}", 1);
        }

        await home.FoldAsync(ledger);
        var tools = (await home.Queries(ledger).ToolsAsync(new() { Changed = true }, CancellationToken.None)).Value!.Items;

        Assert.Equal(100, tools.Count);
        Assert.All(tools, t => Assert.Equal((null, 0), (t.Content, t.History.Count)));
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(tools).Length, 1, 256 * 1024);
    }

    private string Flip(MemoryLedger ledger, string server, string tool, int times)
    {
        var text = "";
        for (var i = 0; i < times; i++)
        {
            text = JsonSerializer.Serialize(new string('x', Long) + i);
            FieldChange[] changes =
            [
                new("/description", Json(JsonSerializer.Serialize(new string('x', 100_000) + (i - 1))), Json(JsonSerializer.Serialize(new string('x', 100_000) + i)), "high"),
                .. Enumerable.Range(0, 59).Select(n => new FieldChange($"/inputSchema/properties/{new string('k', 1_000)}{n}", Json("1"), Json("2"), "low")),
            ];
            _given.Append(ledger, Changed(server, tool, changes, text));
        }

        return text;
    }

    private static ToolChanged Changed(string server, string tool, IReadOnlyList<FieldChange> changes, string content) => new()
    {
        Server = server, Tool = tool, Previous = Digest.Of("old"u8), Definition = Digest.Of(Encoding.UTF8.GetBytes(content)), Content = Json(content), Risk = "high", Changes = [.. changes],
    };

    private static RawJson Json(string text) => RawJson.FromTrusted(Encoding.UTF8.GetBytes(text));

    private static long LargestDoc(TemporaryHome home, string table)
    {
        using var database = SqliteDatabase.Open(home.Home.Writer!.Path, write: false);
        using var rows = database.Prepare($"SELECT max(length(doc)) FROM {table}");
        return rows.Step() ? rows.Long(0) : 0;
    }
}
