using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Commands;
using McpLedger.Testing.Ledgers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Tests.Commands;

/// <summary>Lists that are longer than a page.</summary>
public sealed class PageVerbTests : IDisposable
{
    private const string More = "more: --cursor ";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_left_for_the_next_page_is_said_and_can_be_asked_for()
    {
        await WriteAsync(findings: 51, calls: 201);

        var (findings, next) = await ListAsync("findings", "list");
        var (lastFinding, none) = await ListAsync("findings", "list", "--cursor", next!);
        Assert.Equal((50, 1, null), (findings.Count, lastFinding.Count, none));
        Assert.DoesNotContain(lastFinding[0], findings);
        Assert.Equal(20, (await ListAsync("findings", "list", "--from", "2026-11-24T00:00:31Z")).Rows.Count);
        Assert.Equal(31, (await ListAsync("findings", "list", "--to", "2026-11-24T00:00:30Z")).Rows.Count);

        var (calls, older) = await ListAsync("session", "session-1");
        var (lastCall, end) = await ListAsync("session", "session-1", "--cursor", older!);
        Assert.Equal((200, 1, null), (calls.Count, lastCall.Count, end));
        Assert.DoesNotContain(lastCall[0], calls);
    }

    [Fact]
    public async Task Keys_and_tools_beyond_a_page_are_said_and_can_be_asked_for()
    {
        await WriteAsync(findings: 0, calls: 0, named: 201);

        foreach (var list in new[] { "keys", "tools" })
        {
            var (first, next) = await ListAsync(list, "list");
            var (last, none) = await ListAsync(list, "list", "--cursor", next!);
            Assert.Equal((200, 1, null), (first.Count, last.Count, none));
            Assert.DoesNotContain(last[0], first);
        }
    }

    [Fact]
    public async Task Approving_all_goes_through_every_page()
    {
        var approved = new List<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var api = builder.Build();
        api.MapGet("/api/v1/tools", (bool withheld, string server, string? cursor) => Results.Text(
            withheld && server == "demo" && cursor is null
                ? """{"items":[{"server":"demo","tool":"one","definition":"aa"}],"cursor":"0-demo/one"}"""
                : """{"items":[{"server":"demo","tool":"two","definition":"bb"}]}""",
            "application/json"));
        api.MapPost("/api/v1/tools/demo/{tool}/approve", (string tool) =>
        {
            approved.Add(tool);
            return Results.Text($$"""{"server":"demo","tool":"{{tool}}","definition":"aa"}""", "application/json");
        });
        await api.StartAsync(TestContext.Current.CancellationToken);

        var (exitCode, output, errors) = await Verb.RunAsync(_folder.Path, "tools", "approve", "demo", "--all", "--api", api.Urls.First());

        Assert.True(exitCode == ExitCode.Ok, errors);
        Assert.Equal(["one", "two"], approved);
        Assert.Contains("2 approved", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_client_has_listed_tools_it_is_said_and_programs_get_an_empty_document()
    {
        await WriteAsync(findings: 0, calls: 1);

        Assert.Contains("once a client has listed them", (await Verb.RunAsync(_folder.Path, "tools", "list", "--data", _folder.Path)).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("once a client", (await Verb.RunAsync(_folder.Path, "tools", "list", "--withheld", "--data", _folder.Path)).Output, StringComparison.Ordinal);
        Assert.Equal("{\n  \"items\": []\n}", (await Verb.RunAsync(_folder.Path, "tools", "list", "--json", "--data", _folder.Path)).Output.Trim());
    }

    private async Task<(IReadOnlyList<string> Rows, string? Cursor)> ListAsync(params string[] line)
    {
        var (exitCode, output, errors) = await Verb.RunAsync(_folder.Path, [.. line, "--data", _folder.Path]);
        Assert.True(exitCode == ExitCode.Ok, errors);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var rows = lines.Where(l => l.Split('\t').Length > 4).Skip(1).ToList();
        Assert.Contains(lines, l => l.StartsWith($"{rows.Count} ", StringComparison.Ordinal) && l.EndsWith("on this page", StringComparison.Ordinal));
        return (rows, lines.SingleOrDefault(l => l.StartsWith(More, StringComparison.Ordinal))?[More.Length..].Trim());
    }

    private async Task WriteAsync(int findings, int calls, int named = 0)
    {
        var began = new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);
        await using (var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(_folder.Path), TimeProvider.System))
        {
            for (var i = 0; i < findings; i++)
            {
                var id = EventId.New(TimeProvider.System);
                await AppendAsync(ledger, id, began.AddSeconds(i), LedgerLog.Control, new FindingRaised { Finding = id, Detector = FindingDetectors.Loop, Severity = Severity.High, Channel = "arguments", Explanation = "It goes in a circle." });
            }

            for (var i = 0; i < named; i++)
            {
                await AppendAsync(ledger, EventId.New(TimeProvider.System), began.AddSeconds(i), LedgerLog.Control, new KeyCreated($"key{i}", Digest.Of("secret"u8), "ada", null, [], "human", "admin", null));
                await AppendAsync(
                    ledger, EventId.New(TimeProvider.System), began.AddSeconds(i), LedgerLog.Control,
                    new ToolPinned { Server = "demo", Tool = $"tool{i}", Definition = Digest.Of("{}"u8), Content = RawJson.FromTrusted("{}"u8.ToArray()) });
            }

            for (var i = 0; i < calls; i++)
            {
                var call = EventId.New(TimeProvider.System);
                await AppendAsync(ledger, call, began.AddSeconds(i), LedgerLog.Calls, new CallIntended
                {
                    Call = call,
                    Who = new() { Principal = "ada", Kind = "user", Authentication = "none" },
                    What = new() { Server = "demo", Kind = "request", Method = "tools/call" },
                    Request = new() { Size = 2, Sha256 = Digest.Of("{}"u8) },
                    Where = new() { Session = new("session-1", "protocol"), Monotonic = 0 },
                    Decision = new() { Verdict = Verdict.Forwarded },
                });
            }
        }

        Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(["rebuild", "--data", _folder.Path]));
    }

    private static async Task AppendAsync(TemporaryLedger ledger, EventId id, DateTimeOffset time, LedgerLog log, EventData data)
    {
        using var draft = EventDraft.Write(id, "/test/test/1", time, null, log, "session-1", data);
        Assert.True((await ledger.Ledger.AppendAsync(draft, TestContext.Current.CancellationToken)).IsDurable);
    }
}
