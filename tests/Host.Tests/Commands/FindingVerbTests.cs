using System.Text.Json;

namespace McpLedger.Host.Tests.Commands;

/// <summary>From an agent in a circle to an analyst at the command line, through a running program.</summary>
public sealed class FindingVerbTests
{
    [Fact]
    public async Task An_agent_in_a_circle_is_stopped_judged_and_released()
    {
        await using var ledger = await LiveLedger.StartAsync("detection: { detectors: { loop: { action: stop, from: medium, for: 1h } } }");
        await ledger.ListAsync();
        var body = "";
        for (var attempt = 0; attempt < 1_200 && !body.Contains("This agent was stopped", StringComparison.Ordinal); attempt++)
        {
            body = (await ledger.CallAsync("weigh")).Body;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Contains("This agent was stopped", body, StringComparison.Ordinal);
        var id = await FindingAsync(ledger);
        Assert.Contains("loop:identical", (await ledger.RunAsync("findings", "show", id)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await ledger.RunAsync("findings", "reject", id, "--note", "our own test")).ExitCode);
        Assert.Equal(1, (await ledger.RunAsync("findings", "confirm", "01900000-0000-7000-8000-000000000001")).ExitCode);
        await ledger.RunUntilOkAsync("findings", "list", "--state", "rejected", "--json");
        var (nobody, unheld, _) = await ledger.RunAsync("findings", "release", "ada");
        Assert.True(nobody == 1 && unheld.Contains("Nothing was held under the principal 'ada'", StringComparison.Ordinal), unheld);
        var (narrow, wider, _) = await ledger.RunAsync("findings", "release", "anonymous", "--session", "no-such-session");
        Assert.True(narrow == 1 && wider.Contains("Held is: the ", StringComparison.Ordinal), wider);
        var (freed, lifted, _) = await ledger.RunAsync("findings", "release", "anonymous", "--reason", "looked at");
        Assert.True(freed == 0 && lifted.Contains("Lifted: the ", StringComparison.Ordinal), lifted);
        for (var attempt = 0; attempt < 200 && !body.Contains("done", StringComparison.Ordinal); attempt++)
        {
            body = (await ledger.CallAsync("weigh")).Body;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Contains("done", body, StringComparison.Ordinal);
        var (exitCode, rescored, errors) = await ledger.RunAsync("detectors", "rescore", "--json");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("loop:identical", rescored, StringComparison.Ordinal);
    }

    private static async Task<string> FindingAsync(LiveLedger ledger)
    {
        for (var attempt = 0; ; attempt++)
        {
            var (_, output, errors) = await ledger.RunAsync("findings", "list", "--detector", "loop", "--json");
            using var page = JsonDocument.Parse(output.Length == 0 ? "{\"items\":[]}" : output);
            if (page.RootElement.GetProperty("items").EnumerateArray().FirstOrDefault(each => each.GetProperty("rule").GetString() == "loop:identical") is { ValueKind: JsonValueKind.Object } first)
            {
                return first.GetProperty("finding").GetString()!;
            }

            Assert.True(attempt < 60, errors);
            await Task.Delay(TimeSpan.FromMilliseconds(250), TestContext.Current.CancellationToken);
        }
    }
}
