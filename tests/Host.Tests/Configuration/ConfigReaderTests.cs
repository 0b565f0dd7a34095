using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Screening;
using McpLedger.Host.Configuration;
using McpLedger.Testing.Certificates;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Host.Tests.Configuration;

public sealed class ConfigReaderTests
{
    private static ConfigRead Read(string yaml) => ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", yaml);

    [Fact]
    public void Five_errors_are_reported_at_once_each_with_its_place_and_its_fix()
    {
        var read = Read("""
            ledger:
              recrod: strict
              quota: lots
            servers:
              github:
                url: not-an-address
                headers: [a, b]
            rules:
              - { id: one, allow: { servers: [gihub] } }
            """);

        Assert.Null(read.Config);
        Assert.Collection(
            read.Faults,
            f => Expect(f, "ledger.recrod", 2, 3, "did you mean 'record'?"),
            f => Expect(f, "ledger.quota", 3, 10, "50GiB"),
            f => Expect(f, "servers.github.url", 6, 5, "https://"),
            f => Expect(f, "servers.github.headers", 7, 14, "name: value"),
            f => Expect(f, "rules[0].allow.servers", 9, 25, "did you mean 'github'?"));

        static void Expect(ConfigFault fault, string path, int line, int column, string fix)
        {
            Assert.Equal((path, line, column), (fault.Path, fault.Line, fault.Column));
            Assert.Contains(fix, fault.Fix, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_whole_configuration_becomes_what_the_gateway_takes()
    {
        var read = Read("""
            ledger: { record: strict-request, quota: 50GiB, retention: { age: 90d } }
            servers:
              everything: { command: npx, args: [-y, "@modelcontextprotocol/server-everything"], env: { MODE: plain }, cwd: tools, maxProcesses: 3 }
              many: { destinations: { a: "http://a:1/mcp", b: "http://b:1/mcp" }, balancing: RoundRobin, health: { path: /healthz, interval: 5s } }
              old: { url: "https://old.example/sse", transport: sse, headers: { X-Team: blue }, modernOnly: true }
            principals: { anonymous: loopback }
            rules:
              - { id: imported, allow: { principals: [anonymous], servers: [everything] } }
              - { id: no-delete, block: { tools: ["delete_*"] }, reason: "Deleting needs an operator." }
            limits: { request: 1MiB, depth: 32 }
            """);

        Assert.Empty(read.Faults);
        var gateway = read.Config!.Gateway;
        Assert.Equal(RecordMode.StrictRequest, gateway.Record);
        Assert.True(gateway.AnonymousOnLoopback);
        Assert.Equal(1024 * 1024, gateway.Limits.MaxRequestBytes);
        Assert.Equal(32, gateway.Limits.MaxDepth);
        Assert.Equal([UpstreamTransport.Stdio, UpstreamTransport.StreamableHttp, UpstreamTransport.LegacySse], gateway.Servers.Values.Select(s => s.Transport));
        Assert.Equal(["-y", "@modelcontextprotocol/server-everything"], gateway.Servers["everything"].Stdio!.Arguments);
        Assert.Equal("/etc/mcpledger/tools", gateway.Servers["everything"].Stdio!.WorkingDirectory);
        Assert.Equal(["a", "b"], gateway.Servers["many"].Destinations.Keys);
        Assert.Equal(TimeSpan.FromSeconds(5), gateway.Servers["many"].Health.ActiveInterval);
        Assert.True(gateway.Servers["old"].ModernOnly);
        Assert.Equal([(RuleEffect.Allow, "imported"), (RuleEffect.Block, "no-delete")], gateway.Rules.Select(r => (r.Effect, r.Id)));
        Assert.Equal("/etc/mcpledger/.mcpledger", read.Config.DataFolder);
    }

    [Fact]
    public void Headers_that_differ_only_in_case_are_one_and_the_second_is_named()
    {
        var read = Read("servers:\n  a:\n    url: http://a/mcp\n    headers:\n      X-Team: blue\n      Authorization: one\n      authorization: two\n");

        var fault = Assert.Single(read.Faults);
        Assert.Equal(("servers.a.headers.authorization", 7), (fault.Path, fault.Line));
        Assert.Contains("'Authorization'", fault.Problem, StringComparison.Ordinal);
        Assert.Null(read.Config);
    }

    [Fact]
    public void Destinations_that_differ_only_in_case_are_one_and_the_second_is_named()
    {
        var read = Read("servers:\n  a:\n    destinations:\n      East: http://a/mcp\n      west: http://b/mcp\n      east: http://c/mcp\n");

        var fault = Assert.Single(read.Faults);
        Assert.Equal(("servers.a.destinations.east", 6), (fault.Path, fault.Line));
        Assert.Contains("'East'", fault.Problem, StringComparison.Ordinal);
        Assert.Null(read.Config);
    }

    [Theory]
    [InlineData("health: { reactivation: 0s }", "health.reactivation", "from 1s to 1d")]
    [InlineData("health: { path: /healthz, interval: 0s }", "health.interval", "from 1s to 1d")]
    [InlineData("health: { path: /healthz, interval: 2d }", "health.interval", "from 1s to 1d")]
    [InlineData("responseTimeout: 0s", "responseTimeout", "from 1s to 30d")]
    [InlineData("responseTimeout: 60d", "responseTimeout", "from 1s to 30d")]
    [InlineData("idleTimeout: 90d", "idleTimeout", "0s for no bound")]
    [InlineData("idleTimeout: 1ms", "idleTimeout", "0s for no bound")]
    [InlineData("sessionIdle: 0s", "sessionIdle", "from 1s to 30d")]
    [InlineData("shutdownGrace: 60d", "shutdownGrace", "from 0s to 1d")]
    public void A_wait_of_a_server_that_no_timer_holds_is_refused(string wait, string path, string fix) =>
        ExpectRange($"servers: {{ a: {{ url: 'http://h/mcp', {wait} }} }}", $"servers.a.{path}", fix);

    [Theory]
    [InlineData("limits: { bodyTimeout: 0s }", "limits.bodyTimeout", "from 1s to 1d")]
    [InlineData("limits: { bodyTimeout: 60d }", "limits.bodyTimeout", "from 1s to 1d")]
    [InlineData("listen: { drain: 60d }", "listen.drain", "from 0s to 1d")]
    [InlineData("listen: { finish: 60d }", "listen.finish", "from 0s to 1d")]
    [InlineData("ledger: { staleAfter: 10s }", "ledger.staleAfter", "from 1m to 30d")]
    [InlineData("bridge: { probe: 0s }", "bridge.probe", "from 1s to 1d")]
    public void A_wait_that_no_timer_holds_is_refused(string yaml, string path, string fix) => ExpectRange(yaml, path, fix);

    [Fact]
    public void Waits_without_bound_or_grace_are_taken_where_they_mean_something() =>
        Assert.Empty(Read("listen: { drain: 0s, finish: 0s }\nservers: { a: { url: 'http://h/mcp', idleTimeout: 0s }, b: { command: x, shutdownGrace: 0s, responseTimeout: 30d } }").Faults);

    private static void ExpectRange(string yaml, string path, string fix)
    {
        var fault = Assert.Single(Read(yaml).Faults);
        Assert.Equal(path, fault.Path);
        Assert.Contains("out of range", fault.Problem, StringComparison.Ordinal);
        Assert.Contains(fix, fault.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rules:\n  - id: a\n    allow:\n      principals:\n        # - somebody\n", "rules[0].allow.principals", 4)]
    [InlineData("rules:\n  - id: a\n    allow:\n      principals: [~]\n", "rules[0].allow.principals[0]", 4)]
    [InlineData("rules:\n  - id: a\n    allow:\n      tools:\n        - get_*\n        -\n", "rules[0].allow.tools[1]", 6)]
    [InlineData("rules:\n  - id: a\n    allow: {}\n  - null\n", "rules[1]", 4)]
    [InlineData("servers: {}\nrules:\n", "rules", 2)]
    public void A_list_without_a_value_widens_no_rule(string yaml, string path, int line)
    {
        var read = Read(yaml);

        Assert.Null(read.Config);
        var fault = Assert.Single(read.Faults);
        Assert.Equal((path, line), (fault.Path, fault.Line));
        Assert.Contains("write a value", fault.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_section_lets_nobody_in()
    {
        var config = Read("servers: {}").Config!;

        Assert.Empty(config.Gateway.Rules);
        Assert.False(config.Gateway.AnonymousOnLoopback);
    }

    [Fact]
    public void New_tools_are_held_where_the_server_or_else_the_whole_says_so()
    {
        var read = Read("tools: { first: hold }\nservers: { a: { command: x }, b: { command: x, tools: { first: serve } } }");

        Assert.Equal([FirstTools.Hold, FirstTools.Serve], read.Config!.Gateway.Servers.Values.Select(s => s.FirstTools));
        Assert.Equal(FirstTools.Serve, Read("servers: { a: { command: x } }").Config!.Gateway.Servers["a"].FirstTools);
    }

    [Fact]
    public void Screening_is_on_where_nobody_turned_it_off_and_every_level_is_taken()
    {
        var read = Read("""
            screening: { budget: 20ms, onTimeout: refuse, results: { secrets: redact }, ledger: { personal: redact } }
            servers:
              shell: { command: x, screening: { trust: untrusted, results: { injection: flag }, tools: { run: { takesCode: true, results: { secrets: flag } } } } }
            """);

        Assert.Empty(read.Faults);
        var gateway = read.Config!.Gateway;
        Assert.Equal((TimeSpan.FromMilliseconds(20), ScreeningLapse.Refuse), (gateway.Screening!.Choices.Budget!.Value, gateway.Screening.Choices.OnTimeout!.Value));
        Assert.Equal(ScreeningAction.Redact, gateway.Screening.Choices.Actions[(ScreeningPlace.Results, ScreeningKind.Secrets)]);
        Assert.Equal(ScreeningAction.Redact, gateway.Screening.Choices.Actions[(ScreeningPlace.Ledger, ScreeningKind.Personal)]);
        var server = gateway.Servers["shell"].Screening;
        Assert.Equal((ServerTrust.Untrusted, ScreeningAction.Flag), (server.Trust, server.Choices.Actions[(ScreeningPlace.Results, ScreeningKind.Injection)]));
        Assert.True(server.Tools["run"].TakesCode);
        Assert.Equal(ScreeningAction.Flag, server.Tools["run"].Actions[(ScreeningPlace.Results, ScreeningKind.Secrets)]);
        Assert.NotNull(Read("servers: {}").Config!.Gateway.Screening);
        Assert.Null(Read("servers: {}\nscreening: { mode: off }").Config!.Gateway.Screening);
    }

    [Theory]
    [InlineData("tools: { first: ask }", "none of")]
    [InlineData("servers: { a: { command: x, url: 'http://h/' } }", "together")]
    [InlineData("servers: { a: {} }", "nothing says")]
    [InlineData("servers: { 'A b': { url: 'http://h/' } }", "part of a URL")]
    [InlineData("servers: { a: { command: x, headers: { A: b } } }", "no headers")]
    [InlineData("servers: { a: { url: 'http://h/', env: { A: b } } }", "belong to a command")]
    [InlineData("servers: { a: { url: 'http://h/', headers: { 'A b': c } } }", "no header name")]
    [InlineData("servers: { a: { url: 'http://h/', headers: { A: \"x\\r\\nB: y\" } } }", "line break")]
    [InlineData("servers: { a: { url: 'http://h/', headers: { Content-Type: application/json } } }", "belongs to each message")]
    [InlineData("servers: { a: { url: 'http://h/', headers: { content-length: '5' } } }", "belongs to each message")]
    [InlineData("servers: { a: { url: 'http://h/', headers: { Transfer-Encoding: chunked } } }", "belongs to each message")]
    [InlineData("servers: { a: { url: 'http://h/', headers: { Expires: '0' } } }", "belongs to each message")]
    [InlineData("servers: { a: { url: 'http://h/', headers: { A: 'caf\u00e9' } } }", "ASCII")]
    [InlineData("rules: [{ allow: {} }]", "no id")]
    [InlineData("rules: [{ id: a, allow: {} }, { id: a, block: {} }]", "earlier rule")]
    [InlineData("rules: [{ id: a, allow: {}, block: {} }]", "both allows and blocks")]
    [InlineData("rules: [{ id: a }]", "neither")]
    [InlineData("rules: [{ id: a, allow: { tools: ['a*b'] } }]", "before its end")]
    [InlineData("listen: { url: 'https://0.0.0.0:1' }", "certificate")]
    [InlineData("listen: { url: 'http://h:1/path' }", "has a path")]
    [InlineData("listen: { origins: ['*'] }", "no origin")]
    [InlineData("listen: { origins: ['https://a.example/'] }", "no origin")]
    [InlineData("listen: { origins: ['null'] }", "no origin")]
    [InlineData("listen: { hosts: ['mcp.example.com:8443'] }", "no host as clients send it")]
    [InlineData("listen: { hosts: ['https://mcp.example.com'] }", "no host as clients send it")]
    [InlineData("listen: { hosts: ['::1'] }", "no host as clients send it")]
    [InlineData("listen: { hosts: ['*.example.com'] }", "no host as clients send it")]
    [InlineData("limits: { depth: 100000 }", "out of range")]
    [InlineData("limits: { request: 2TiB }", "out of range")]
    [InlineData("limits: { bodyTimeout: 30 }", "not a duration")]
    [InlineData("principals: { anonymous: everyone }", "none of")]
    [InlineData("servers: a", "single value")]
    [InlineData("rules: { id: a }", "a list is needed")]
    [InlineData("servers: {}\nservers: {}", "second time")]
    [InlineData("servers: {}\n---\nservers: {}", "second document")]
    [InlineData("servers: [", "not YAML")]
    [InlineData("servers: *nowhere", "not YAML")]
    [InlineData("ledger: { quota: 1GiB, retention: { bytes: 2GiB } }", "more than the quota")]
    [InlineData("screening: { mode: maybe }", "none of")]
    [InlineData("screening: { results: { secrets: strip } }", "none of")]
    [InlineData("screening: { results: { returned: flag } }", "unknown key")]
    [InlineData("screening: { arguments: { injection: redact } }", "none of")]
    [InlineData("screening: { model: nowhere }", "holds no model")]
    [InlineData("screening: { budget: 10m }", "out of range")]
    [InlineData("screening: { longest: 10 }", "out of range")]
    [InlineData("servers: { a: { command: x, screening: { trust: full } } }", "none of")]
    [InlineData("servers: { a: { command: x, screening: { tools: { sh: { takesCode: yes } } } } }", "not true or false")]
    [InlineData("", "empty")]
    public void What_cannot_be_meant_is_refused(string yaml, string problem)
    {
        var read = Read(yaml);

        Assert.Null(read.Config);
        Assert.Contains(read.Faults, f => f.Problem.Contains(problem, StringComparison.Ordinal) && f.Fix.Length > 0);
    }

    [Fact]
    public void Nesting_without_end_is_refused_and_not_followed()
    {
        var read = Read(string.Concat(Enumerable.Repeat("[", 50_000)));

        Assert.Contains(read.Faults, f => f.Problem.Contains("deeper", StringComparison.Ordinal));
    }

    [Fact]
    public void A_certificate_and_a_key_that_are_no_pair_are_faults_before_anything_is_opened()
    {
        using var authority = new TestCertificates();
        using var folder = new TemporaryFolder();
        var ((certificate, key), other) = (authority.SignAsPem("gateway.test"), authority.SignAsPem("another.test").Key);

        Assert.Empty(Faults(certificate, key));
        Assert.Equal(("listen.tls.certificate", 3), Place(Faults("no certificate", key)));
        Assert.Equal(("listen.tls.certificate", 3), Place(Faults(key, key)));
        Assert.Equal(("listen.tls.key", 4), Place(Faults(certificate, other)));
        Assert.Equal(("listen.tls.key", 4), Place(Faults(certificate, certificate)));
        Assert.Equal(("listen.tls.key", 4), Place(Faults(certificate, null)));
        Assert.Equal(("listen.tls.certificate", 3), Place(Faults(null, key)));

        static (string, int) Place(IReadOnlyList<ConfigFault> faults) => (Assert.Single(faults).Path, faults[0].Line);

        IReadOnlyList<ConfigFault> Faults(string? cert, string? pem)
        {
            foreach (var (name, text) in new[] { ("cert.pem", cert), ("key.pem", pem) })
            {
                File.Delete(Path.Combine(folder.Path, name));
                if (text is not null)
                {
                    File.WriteAllText(Path.Combine(folder.Path, name), text);
                }
            }

            return ConfigReader.ReadText(Path.Combine(folder.Path, "mcpledger.yaml"), "listen:\n  url: https://127.0.0.1:0\n  tls: { certificate: cert.pem,\n    key: key.pem }\n").Faults;
        }
    }
}
