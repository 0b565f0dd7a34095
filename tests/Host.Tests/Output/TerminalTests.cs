using McpLedger.Host.Commands;
using McpLedger.Host.Output;
using McpLedger.Projections.Search;
using Spectre.Console;

namespace McpLedger.Host.Tests.Output;

public sealed class TerminalTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    private Terminal Redirected => new(AnsiConsole.Console, _output, _errors, json: false, redirected: true);

    [Fact]
    public void What_was_recorded_drives_no_terminal()
    {
        var hostile = "a\u001b[2Jb\u009b31mc\u0085d\u007fe\rf";

        Redirected.Line($"first {hostile}\nsecond {hostile}");
        Redirected.Error(hostile);
        Redirected.Heading(hostile);
        Redirected.Table(["name"], [[hostile]]);

        Assert.DoesNotContain(_output.ToString() + _errors, c => char.IsControl(c) && c is not '\n' && !Environment.NewLine.Contains(c, StringComparison.Ordinal));
        Assert.StartsWith($"first a [2Jb 31mc d e f{Environment.NewLine}second a", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_facet_of_a_recorded_name_is_one_line()
    {
        var page = new SearchPage([], null, new(1, "exact", [new("tool", [new("x\nERROR  forged", 1)])], new(1, [])));

        SearchCommand.Show(Redirected, page);

        Assert.Contains("  tool: x ERROR  forged 1", _output.ToString(), StringComparison.Ordinal);
    }
}
