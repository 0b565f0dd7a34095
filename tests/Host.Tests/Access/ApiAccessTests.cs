using System.Net;
using System.Net.Http.Json;
using McpLedger.Host.Access;
using McpLedger.Host.Tests.Running;
using Microsoft.Extensions.Logging;

namespace McpLedger.Host.Tests.Access;

public sealed class ApiAccessTests(RunningHost host) : IClassFixture<RunningHost>
{
    private static readonly string[] Guarded =
    [
        "api/v1/search", "api/v1/calls", "api/v1/sessions", "api/v1/tools", "api/v1/events/01a20f55-a287-7f60-a6d7-467f3540292f/proof", "api/v1/checkpoints/calls-0", "api/v1/keys",
        "api/v1/keys/signing", "api/v1/projections", "tlog/calls-0/checkpoint", "tlog/calls-0/tile/0/000",
    ];

    public static TheoryData<string> Paths => [.. Guarded];

    [Theory, MemberData(nameof(Paths))]
    public async Task Nothing_is_told_without_a_token(string path)
    {
        using var client = host.Client(null);

        using var answer = await client.GetAsync(path);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Theory, MemberData(nameof(Paths))]
    public async Task A_token_in_the_address_is_turned_away_even_when_it_is_right(string path)
    {
        using var client = host.Client(host.AdminSecret);

        foreach (var name in (string[])["token", "access_token", "api_key", "key"])
        {
            using var answer = await client.GetAsync($"{path}?{name}={host.AdminSecret}");
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Forged_shortened_and_doubled_tokens_are_turned_away()
    {
        var right = host.AdminSecret;
        var wrong = right[..^1] + (right[^1] == '0' ? '1' : '0');
        foreach (var token in (string[])[wrong, right[..^1], right + "0", right.ToUpperInvariant(), "x", $"{right}, Bearer {right}", "mcpl_000000000000_" + new string('0', 64)])
        {
            using var client = host.Client(null);
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            using var answer = await client.GetAsync("api/v1/calls");
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Each_role_may_do_what_it_may_and_no_more()
    {
        var (_, viewer) = await host.KeyAsync("viewer", null);
        var (_, auditor) = await host.KeyAsync("auditor", null);
        var (_, caller) = await host.KeyAsync(null, "robot");
        using var asViewer = host.Client(viewer);
        using var asAuditor = host.Client(auditor);
        using var asCaller = host.Client(caller);

        Assert.Equal(HttpStatusCode.OK, (await asViewer.GetAsync("api/v1/search")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await asViewer.GetAsync("api/v1/events/01a20f55-a287-7f60-a6d7-467f3540292f/proof")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await asAuditor.GetAsync("api/v1/events/01a20f55-a287-7f60-a6d7-467f3540292f/proof")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await asAuditor.PostAsync("api/v1/reload", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await asAuditor.PostAsJsonAsync("api/v1/keys", new { Role = "admin" })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await asCaller.GetAsync("api/v1/search")).StatusCode);
    }

    [Theory]
    [InlineData("{\"role\":\"viewer\",\"teams\":[null]}")]
    [InlineData("{\"role\":\"viewer\",\"teams\":[\"\"]}")]
    public async Task A_key_for_a_team_without_a_name_is_refused(string body)
    {
        using var admin = host.Client(host.AdminSecret);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var answer = await admin.PostAsync("api/v1/keys", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("teams", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_for_servers_is_said_to_be_turned_away_where_it_is_and_nowhere_else()
    {
        var (_, caller) = await host.KeyAsync(null, "robot");
        using var client = host.Client(caller);
        using var said = new TurnedAway();
        host.Get<ILoggerFactory>().AddProvider(said);

        await client.PostAsJsonAsync("s/one/mcp", new { Jsonrpc = "2.0", Id = 1, Method = "tools/list" });
        await client.GetAsync("healthz");
        Assert.Empty(said.Lines);
        await client.GetAsync("api/v1/search");

        Assert.Contains("/api/v1/search: the key", Assert.Single(said.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing()
    {
        var (id, secret) = await host.KeyAsync("viewer", null);
        using var admin = host.Client(host.AdminSecret);
        using var client = host.Client(secret);

        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"api/v1/keys/{id}")).StatusCode);
        while (host.Get<ApiKeys>().Ring.Keys.Any(k => k.Key == id))
        {
            await Task.Yield();
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("api/v1/search")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"api/v1/keys/{id}")).StatusCode);
    }

    [Theory]
    [InlineData("""{ }""")]
    [InlineData("""{ "role": "root" }""")]
    [InlineData("""{ "principal": "anonymous" }""")]
    [InlineData("""{ "principal": "a b" }""")]
    [InlineData("""{ "principal": "*" }""")]
    [InlineData("""{ "principal": "a", "kind": "robot" }""")]
    [InlineData("""{ "principal": "a", "expires": "2020-01-01T00:00:00Z" }""")]
    public async Task A_key_that_makes_no_sense_is_not_made(string request)
    {
        using var admin = host.Client(host.AdminSecret);

        using var answer = await admin.PostAsync("api/v1/keys", new StringContent(request, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("tlog/calls-0/../../keys/signing.key")]
    [InlineData("tlog/calls-0/%2e%2e/%2e%2e/keys/signing.key")]
    [InlineData("tlog/calls-0/..%2f..%2fkeys%2fsigning.key")]
    [InlineData("tlog/..%2fkeys/signing.key")]
    [InlineData("api/v1/checkpoints/..%2f..%2faccess%2fadmin.token")]
    public async Task Tiles_lead_to_no_other_file(string path)
    {
        using var admin = host.Client(host.AdminSecret);

        using var answer = await admin.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Where_the_operator_says_so_tiles_need_no_token_and_everything_else_does()
    {
        await using var open = new RunningHost();
        open.Extend("ledger: { data: data }", "ledger: { data: data, publicTiles: true }");
        await open.InitializeAsync();
        using var client = open.Client(null);
        HttpResponseMessage checkpoint;
        do
        {
            checkpoint = await client.GetAsync("tlog/control-0/checkpoint");
        }
        while (checkpoint.StatusCode == HttpStatusCode.NotFound);

        Assert.Equal(HttpStatusCode.OK, checkpoint.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("tlog/..%2fkeys/signing.key")).StatusCode);
        foreach (var path in Guarded.Where(p => p.StartsWith("api/", StringComparison.Ordinal)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(path)).StatusCode);
        }
    }

    [Fact]
    public async Task Health_needs_no_token_and_readiness_says_why()
    {
        using var client = host.Client(null);

        Assert.Equal("ok\n", await client.GetStringAsync("healthz"));
        Assert.Contains("\"status\":", await client.GetStringAsync("readyz"), StringComparison.Ordinal);
        Assert.Contains("/api/v1/search", await client.GetStringAsync("openapi/v1.json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_opens_the_port_in_a_browser_is_told_what_is_behind_it_and_names_nothing()
    {
        using var client = host.Client(null);

        using var answer = await client.GetAsync("");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.All((string[])["/s/{server}/mcp", "/api/v1/", "/openapi/v1.json", "/healthz", "/readyz"], path => Assert.Contains(path, page, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_private_in_the_data_folder_is_the_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(AdminToken.PathIn(host.Data)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(host.Data, "keys", "sessions.key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(host.Data));
    }

    private sealed class TurnedAway : ILoggerProvider, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = [];

        public IEnumerable<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 4102)
            {
                _lines.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
