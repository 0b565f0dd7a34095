using System.Net;
using System.Security.Cryptography;
using System.Text;
using McpLedger.Projections.Search.Elastic;
using McpLedger.Testing.Certificates;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Search;

namespace McpLedger.Projections.Tests.Search.Elastic;

public sealed class ElasticClientTests(SearchServers servers)
{
    private const string Unavailable = """{"error":{"type":"es_rejected_execution_exception","reason":"queue is full"},"status":429}""";

    [Fact]
    public async Task Every_request_carries_the_api_key()
    {
        await using var server = await StandIn.StartAsync(asked => asked.Authorization == "ApiKey aWQ6a2V5" ? (200, "{}") : (401, """{"error":{"type":"security_exception","reason":"missing authentication credentials"}}"""));

        using (var client = Client(new() { Nodes = [server.Address], ApiKey = "aWQ6a2V5" }))
        {
            Assert.True((await client.GetAsync("x", CancellationToken.None)).Succeeded);
        }

        using var other = Client(new() { Nodes = [server.Address], ApiKey = "other" });
        var refused = await Assert.ThrowsAsync<ElasticException>(async () => await other.GetAsync("x", CancellationToken.None));
        Assert.Contains("missing authentication credentials", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("other", refused.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(401), InlineData(403)]
    public async Task A_refusal_that_is_no_JSON_is_one_of_rights_too(int status)
    {
        await using var server = await StandIn.StartAsync(_ => (status, "Unauthorized"));
        using var client = Client(new() { Nodes = [server.Address] });

        var refused = await Assert.ThrowsAsync<ElasticException>(async () => await client.GetAsync("x", CancellationToken.None));

        Assert.Contains("Check user and password", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_meets_the_end_of_a_rebuilding_leaves_the_alias_where_that_put_it()
    {
        var asked = 0;
        await using var server = await StandIn.StartAsync(request => request switch
        {
            { Method: "GET", Path: "/t-state/_doc/current" } =>
                (200, $$$"""{"_seq_no":1,"_primary_term":1,"_source":{"generation":{{{(asked++ == 0 ? 1 : 2)}}},"span":"day","incarnation":"x","mapping":1}}"""),
            { Method: "GET", Path: "/_alias/t" } => (404, "{}"),
            { Method: "GET" } => (200, """[{"index":"t-g1-2026.11.24"},{"index":"t-g2-2026.11.24"}]"""),
            _ => (200, "{}"),
        });
        var options = new ElasticOptions { Nodes = [server.Address], Prefix = "t" };
        using var client = Client(options);

        var generation = await new ElasticState(client, new("t"), options, TimeProvider.System).EnsureAsync(CancellationToken.None);

        Assert.Equal(2, generation.Number);
        Assert.Contains("t-g2-", server.Requests.Last(r => r.Path == "/_aliases").Body, StringComparison.Ordinal);
        Assert.Contains(server.Requests, r => r is { Method: "DELETE", Path: "/_index_template/t-g1" });
    }

    [Fact]
    public async Task The_real_server_takes_the_password_and_refuses_another_one()
    {
        var options = ElasticRig.OptionsOf(await servers.AddressAsync(SearchEngine.Elasticsearch));
        Assert.SkipWhen(options.User is null, "MCPLEDGER_TEST_ELASTICSEARCH names no user.");

        using var client = Client(options);
        Assert.True((await client.GetAsync("_cluster/health", CancellationToken.None)).Succeeded);
        using var wrong = Client(options with { Password = options.Password + "x" });
        await Assert.ThrowsAsync<ElasticException>(async () => await wrong.GetAsync("_cluster/health", CancellationToken.None));
    }

    [Theory, InlineData(429), InlineData(502), InlineData(503), InlineData(504), InlineData(0)]
    public async Task What_passes_by_itself_is_tried_again(int status)
    {
        var left = 2;
        await using var server = await StandIn.StartAsync(_ => left-- > 0 ? (status, Unavailable) : (200, """{"a":1}"""));
        using var client = Client(new() { Nodes = [server.Address], Retries = 3 });

        Assert.Equal("""{"a":1}""", Encoding.UTF8.GetString((await client.PostAsync("x", "{}"u8.ToArray(), CancellationToken.None)).Body.Span));
        Assert.Equal(["{}", "{}", "{}"], server.Requests.Select(r => r.Body));
    }

    [Fact]
    public async Task What_does_not_pass_is_said_in_the_engines_words()
    {
        await using var server = await StandIn.StartAsync(_ => (429, Unavailable));
        using var client = Client(new() { Nodes = [server.Address], Retries = 1 });

        var failure = await Assert.ThrowsAsync<ElasticException>(async () => await client.GetAsync("x", CancellationToken.None));

        Assert.Contains("queue is full", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_node_that_is_down_is_left_alone_for_a_while()
    {
        await using var server = await StandIn.StartAsync(_ => (200, "{}"));
        using var client = Client(new() { Nodes = [new("http://127.0.0.1:1"), server.Address], Retries = 1 });

        for (var i = 0; i < 6; i++)
        {
            Assert.True((await client.GetAsync("x", CancellationToken.None)).Succeeded);
        }

        Assert.Equal(6, server.Requests.Count);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_in_time_counts_as_down()
    {
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = Client(new() { Nodes = [new($"http://{silent.LocalEndpoint}")], Retries = 0, RequestTimeout = TimeSpan.FromMilliseconds(200) });

        var failure = await Assert.ThrowsAsync<ElasticException>(async () => await client.GetAsync("x", CancellationToken.None));

        Assert.Contains("did not answer within", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_to_its_end()
    {
        var chunk = new string('x', 200_000);
        await using var server = await StandIn.StartAsync(_ => (200, chunk));
        using var client = Client(new() { Nodes = [server.Address], Retries = 0, MaxAnswerBytes = 100_000 });

        var failure = await Assert.ThrowsAsync<ElasticException>(async () => await client.GetAsync("x", CancellationToken.None));

        Assert.Contains("longer than", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_is_good_by_its_authority_or_by_its_fingerprint_and_otherwise_not()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates();
        using var folder = new TemporaryFolder();
        string Pem(TestCertificates of)
        {
            var path = Path.Combine(folder.Path, Path.GetRandomFileName());
            File.WriteAllText(path, of.AuthorityPem);
            return path;
        }

        using var good = certificates.Sign("localhost", IPAddress.Loopback);
        using var misnamed = certificates.Sign("elsewhere.example");
        await using var server = await StandIn.StartAsync(_ => (200, "{}"), good);
        await using var stranger = await StandIn.StartAsync(_ => (200, "{}"), misnamed);
        var print = Convert.ToHexString(SHA256.HashData(misnamed.RawData));

        Assert.True(await ReachesAsync(new() { Nodes = [server.Address], CaFile = Pem(certificates) }));
        Assert.True(await ReachesAsync(new() { Nodes = [stranger.Address], Fingerprint = string.Join(':', print.Chunk(2).Select(c => new string(c))) }));
        Assert.False(await ReachesAsync(new() { Nodes = [server.Address] }));
        Assert.False(await ReachesAsync(new() { Nodes = [server.Address], CaFile = Pem(others) }));
        Assert.False(await ReachesAsync(new() { Nodes = [server.Address], Fingerprint = print }));
        Assert.False(await ReachesAsync(new() { Nodes = [stranger.Address], CaFile = Pem(certificates) }));
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Through_a_terminator_of_TLS_the_index_works_as_without(SearchEngine engine)
    {
        var plain = ElasticRig.OptionsOf(await servers.AddressAsync(engine));
        using var certificates = new TestCertificates();
        using var certificate = certificates.Sign("localhost", IPAddress.Loopback);
        using var folder = new TemporaryFolder();
        var authority = Path.Combine(folder.Path, "ca.pem");
        await File.WriteAllTextAsync(authority, certificates.AuthorityPem);
        using var onward = new HttpClient();
        await using var terminator = await StandIn.StartAsync(asked => Forward(onward, plain.Nodes[0], asked), certificate);
        var ledger = new Given(61).Ledger(40);
        await using var rig = new ElasticRig(plain with { Nodes = [terminator.Address], CaFile = authority }, ledger);

        await rig.IndexAsync();

        Assert.Equal(ledger.Of(Contracts.Events.LedgerPartition.Calls).Count + ledger.Of(Contracts.Events.LedgerPartition.Control).Count, await rig.CountAsync());
    }

    [Fact]
    public void Options_that_cannot_be_name_every_fault_and_its_fix()
    {
        var faults = new ElasticOptions
        {
            Nodes = [new("http://user:secret@host:9200"), new("ftp://host")], User = "a:b", Password = "x\r\n", ApiKey = "k", CaFile = "ca.pem", Fingerprint = "12", Prefix = "Upper*", Keep = TimeSpan.Zero, Shards = 0, Retries = -1,
        }.Faults();

        Assert.Equal(11, faults.Count);
        Assert.DoesNotContain(faults, f => f.Contains("secret", StringComparison.Ordinal));
        Assert.Empty(new ElasticOptions { Nodes = [new("https://search:9200")], User = "elastic", Password = "x", Fingerprint = new string('a', 64) }.Faults());
    }

    private static (int, string) Forward(HttpClient onward, Uri to, StandIn.Asked asked)
    {
        using var request = new HttpRequestMessage(new(asked.Method), new Uri(to, asked.Path));
        request.Content = asked.Body.Length > 0 ? new StringContent(asked.Body, Encoding.UTF8, asked.Path.StartsWith("/_bulk", StringComparison.Ordinal) ? "application/x-ndjson" : "application/json") : null;
        request.Headers.TryAddWithoutValidation("Authorization", asked.Authorization.Length > 0 ? asked.Authorization : null);
        using var answer = onward.Send(request);
        using var reader = new StreamReader(answer.Content.ReadAsStream());
        return ((int)answer.StatusCode, reader.ReadToEnd());
    }

    private static async Task<bool> ReachesAsync(ElasticOptions options)
    {
        using var client = Client(options with { Retries = 0 });
        try
        {
            return (await client.GetAsync("x", CancellationToken.None)).Succeeded;
        }
        catch (ElasticException)
        {
            return false;
        }
    }

    private static ElasticClient Client(ElasticOptions options) => new(options, TimeProvider.System);
}
