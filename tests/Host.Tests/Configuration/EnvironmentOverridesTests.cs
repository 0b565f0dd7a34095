using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Tests.Configuration;

/// <summary>The environment lays single keys over the file.</summary>
public sealed class EnvironmentOverridesTests
{
    private const string Yaml = "ledger: { data: here, record: strict }\nservers: { one: { url: 'http://one/mcp' } }\nrules: [{ id: all, allow: {} }]\n";

    [Fact]
    public void A_variable_wins_over_the_file_and_the_rest_of_the_file_stays()
    {
        var file = Read(
            ("MCPLEDGER__LEDGER__DATA", "/var/lib/mcpledger"),
            ("MCPLEDGER__KAFKA__MININSYNC", "1"),
            ("MCPLEDGER__KAFKA__BOOTSTRAP", "kafka-1:9092, kafka-2:9092"),
            ("MCPLEDGER__LISTEN__HOSTS", "[a.example, b.example]"),
            ("MCPLEDGER__LISTEN__DRAIN", "5s"),
            ("MCPLEDGER__SERVERS__ONE__RESPONSETIMEOUT", "7s"),
            ("MCPLEDGER__SERVERS__TWO__URL", "http://two/mcp"),
            ("MCPLEDGER__PEERS", "dns:http://gateways:8377")).Config!.File;

        Assert.Equal(("/var/lib/mcpledger", "strict"), (file.Ledger.Data, file.Ledger.Record));
        Assert.Equal(1, file.Kafka!.MinInSync);
        Assert.Equal(["kafka-1:9092", "kafka-2:9092"], file.Kafka.Bootstrap);
        Assert.Equal(["a.example", "b.example"], file.Listen.Hosts);
        Assert.Equal(TimeSpan.FromSeconds(5), file.Listen.Drain);
        Assert.Equal(("http://one/mcp", TimeSpan.FromSeconds(7)), (file.Servers["one"].Url!.Template, file.Servers["one"].ResponseTimeout));
        Assert.Equal("http://two/mcp", file.Servers["two"].Url!.Template);
        Assert.Equal("http://gateways:8377", file.Peers.Dns!.OriginalString);
    }

    [Fact]
    public void A_section_can_be_given_whole()
    {
        var file = Read(("MCPLEDGER__RULES", "[{ id: none, block: {}, reason: closed }]"), ("MCPLEDGER__PEERS", "{ gw-2: 'http://b:1' }")).Config!.File;

        Assert.Equal("none", Assert.Single(file.Rules).Id);
        Assert.Equal("http://b:1", file.Peers.Named["gw-2"].OriginalString);
    }

    [Fact]
    public void No_character_of_a_single_value_means_anything()
    {
        var read = Read(("MCPLEDGER__SERVERS__ONE__HEADERS__AUTHORIZATION", "Bearer a: [b] #c {d} 'e"));

        Assert.Equal("Bearer a: [b] #c {d} 'e", read.Config!.Gateway.Servers["one"].Headers["authorization"]);
    }

    [Fact]
    public void A_header_of_the_file_gives_way_to_the_environment_however_it_is_spelled()
    {
        var read = ReadOver("servers: { one: { url: 'http://one/mcp', headers: { Authorization: old, X-Team: blue } } }", ("MCPLEDGER__SERVERS__ONE__HEADERS__AUTHORIZATION", "new"));

        Assert.Empty(read.Faults);
        Assert.Equal([("Authorization", "new"), ("X-Team", "blue")], read.Config!.Gateway.Servers["one"].Headers.Select(h => (h.Key, h.Value)));
    }

    [Theory]
    [InlineData("GITHUB_TOKEN: old", "GITHUB_TOKEN=new", "GITHUB_TOKEN=new")]
    [InlineData("github_token: old", "GITHUB_TOKEN=new", "github_token=new")]
    [InlineData("OTHER: old", "Github_Token=new", "Github_Token=new OTHER=old")]
    [InlineData("HTTP_PROXY: a, http_proxy: b", "http_proxy=new", "HTTP_PROXY=a http_proxy=new")]
    [InlineData("HTTP_PROXY: a", "HTTP_PROXY=b http_proxy=c", "HTTP_PROXY=b http_proxy=c")]
    [InlineData("OTHER: old", "HTTP_PROXY=b http_proxy=c", "HTTP_PROXY=b OTHER=old http_proxy=c")]
    public void A_variable_of_a_program_keeps_its_spelling(string written, string laid, string expected)
    {
        var read = ReadOver($"servers: {{ one: {{ command: sh, env: {{ {written} }} }} }}", [.. laid.Split(' ').Select(v => v.Split('=')).Select(v => ($"MCPLEDGER__SERVERS__ONE__ENV__{v[0]}", v[1]))]);

        Assert.Empty(read.Faults);
        Assert.Equal(expected, string.Join(' ', read.Config!.Gateway.Servers["one"].Stdio!.Environment.Select(e => $"{e.Key}={e.Value}")));
    }

    [Theory]
    [InlineData("MCPLEDGER__KAFKA__BOOTSTRP", "x:1", "did you mean MCPLEDGER__KAFKA__BOOTSTRAP?")]
    [InlineData("MCPLEDGER__", "x", "")]
    [InlineData("MCPLEDGER__SOMETHING_ELSE_ALTOGETHER", "x", "unset it")]
    [InlineData("MCPLEDGER__LEDGER__DATA__MORE", "x", "")]
    [InlineData("MCPLEDGER__LEDGER__RECORD", "strictly", "did you mean 'strict'?")]
    [InlineData("MCPLEDGER__LISTEN__DRAIN", "long", "30s")]
    [InlineData("MCPLEDGER__RULES", "[{", "")]
    public void A_variable_that_stands_for_nothing_or_holds_nonsense_is_a_fault(string name, string value, string fix)
    {
        var read = Read((name, value));

        Assert.Null(read.Config);
        Assert.Contains(read.Faults, f => f.Fix.Contains(fix, StringComparison.Ordinal) && f.Line == 0);
    }

    [Theory]
    [InlineData("servers: [", true)]
    [InlineData("# nothing yet", false)]
    public void Where_nothing_of_the_file_can_be_read_the_environment_holds_all_the_same(string yaml, bool mayHide)
    {
        var read = ReadOver(yaml, ("MCPLEDGER__LEDGER__DATA", "/var/lib/mcpledger"), ("MCPLEDGER__KAFKA__BOOTSTRP", "x:1"));

        Assert.Null(read.Config);
        Assert.Equal(("/var/lib/mcpledger", false, mayHide), (read.File!.Ledger.Data, read.HidesData, read.IsUnread));
        Assert.Contains(read.Faults, f => f.Path == "MCPLEDGER__KAFKA__BOOTSTRP");
        Assert.Equal(mayHide, ReadOver(yaml, ("MCPLEDGER__INSTANCE", "one")).HidesData);
        Assert.Equal(mayHide, ReadOver(yaml).HidesData);
    }

    [Theory]
    [InlineData("[a, b]")]
    [InlineData("ledger: [here]")]
    [InlineData("ledger: { data: { here: there } }")]
    [InlineData("ledger: { dta: there }")]
    [InlineData("ledgr: { data: there }")]
    public void A_folder_that_stands_where_it_cannot_be_read_is_not_taken_for_none(string yaml)
    {
        Assert.True(ReadOver(yaml).HidesData);
        Assert.False(ReadOver(yaml, ("MCPLEDGER__LEDGER__DATA", "/var/lib/mcpledger")).HidesData);
    }

    [Fact]
    public void A_misspelt_variable_may_be_the_folders()
    {
        Assert.True(ReadOver("instance: one", ("MCPLEDGER__LEDGER__DTA", "/var/lib/mcpledger")).HidesData);
        Assert.True(ReadOver("", ("MCPLEDGER__LEDGER__DTA", "/var/lib/mcpledger")).HidesData);
    }

    [Theory]
    [InlineData("ledgr: {}\nledger: { data: there }")]
    [InlineData("servers: { one: { ulr: 'http://one' } }")]
    public void A_fault_elsewhere_hides_no_folder(string yaml) => Assert.False(ReadOver(yaml).HidesData);

    private static ConfigRead Read(params (string Name, string Value)[] environment) => ReadOver(Yaml, environment);

    private static ConfigRead ReadOver(string yaml, params (string Name, string Value)[] environment) =>
        ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", yaml, HostRoles.All, environment.ToDictionary(e => e.Name, e => e.Value, StringComparer.Ordinal));
}
