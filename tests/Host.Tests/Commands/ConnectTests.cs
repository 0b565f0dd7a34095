using System.Diagnostics;
using McpLedger.Host.Running;
using McpLedger.Host.Tests.Running;

namespace McpLedger.Host.Tests.Commands;

public sealed class ConnectTests
{
    [Fact]
    public async Task A_gateway_that_answers_to_its_public_name_only_is_reached_from_its_own_machine()
    {
        await using var host = new RunningHost();
        host.Extend("url: 'http://127.0.0.1:0'", "url: 'http://127.0.0.1:0', hosts: [mcp.example.com]");
        await host.InitializeAsync();
        RunningInstance.OfThisProcess(host.Url, null, host.ConfigPath).Announce(host.Data);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mcpledger.dll"), "connect", "one", "--config", host.ConfigPath]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var connect = Process.Start(start)!;

        await connect.StandardInput.WriteLineAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""");
        connect.StandardInput.Close();
        var answer = await connect.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await connect.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Contains("\"id\":1", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("is not one of this gateway's", answer, StringComparison.Ordinal);
    }
}
