using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Projections.Api;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming;
using McpLedger.Streaming.Parking;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpLedger.Projections.Tests.Api;

public sealed class LedgerApiTests : IAsyncLifetime
{
    private readonly TemporaryHome _home = new();
    private readonly MemoryLedger _ledger = new Given(21).Ledger(120);
    private readonly List<string> _accesses = [];
    private bool _recordable = true;
    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        await _home.FoldAsync(_ledger);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(_home.Time);
        builder.Services.AddSingleton<ILedgerReader>(_ledger);
        builder.Services.AddSingleton<IBlobStore>(_ledger);
        builder.Services.AddSingleton<IParkingLot>(new ParkingFolder(_home.Folder, _home.Time));
        builder.Services.AddSingleton(new AccessRecorder((actor, action, detail, _) =>
        {
            _accesses.Add($"{actor} {action} {detail}");
            return new(_recordable);
        }));
        builder.Services.AddSingleton(new AccessCheck(static _ => true));
        builder.Services.AddProjections().AddEmbeddedHome(new() { Folder = _home.Folder });

        // The consumers are the streaming room's; here the rows are folded already.
        foreach (var hosted in builder.Services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationFactory is not null).ToArray())
        {
            builder.Services.Remove(hosted);
        }

        builder.Services.AddSingleton(_home.Home);
        builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, RoleFromHeader>("test", null);
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy("viewer", p => p.RequireRole("viewer", "auditor", "admin")).AddPolicy("auditor", p => p.RequireRole("auditor", "admin")).AddPolicy("admin", p => p.RequireRole("admin"));
        _app = builder.Build();
        _app.UseAuthentication();
        _app.UseAuthorization();
        _app.MapLedgerApi();
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Every_list_is_answered()
    {
        foreach (var path in new[] { "search?q=server:files", "fields", "calls", "sessions", "principals", "tools", "keys", "partitions", "writers", "projections", "sessions/s-1" })
        {
            var (status, body) = await GetAsync(path, "viewer");
            Assert.True(status == HttpStatusCode.OK, $"{path}: {status} {body}");
        }
    }

    [Fact]
    public async Task Damaged_read_models_are_said_with_the_way_to_mend_them()
    {
        _home.Spoil();

        var (status, body) = await GetAsync("calls", "viewer");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("mcpledger rebuild", body.RootElement.GetProperty("fix").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_view_is_said_with_the_way_to_mend_it()
    {
        using (var other = SqliteDatabase.Open(_home.Home.Writer!.Path, write: true))
        {
            other.Execute("UPDATE principals SET doc = substr(doc, 2)");
        }

        var (status, body) = await GetAsync("principals", "viewer");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.EndsWith("damaged", body.RootElement.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Contains("mcpledger rebuild", body.RootElement.GetProperty("fix").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hit_leads_to_its_event_and_an_event_to_its_exact_bytes()
    {
        var (_, found) = await GetAsync("search?q=tool:read_file&limit=1", "auditor");
        var id = found.RootElement.GetProperty("hits")[0].GetProperty("event").GetString();
        var (_, detail) = await GetAsync($"events/{id}", "auditor");
        using var client = Client("auditor");
        var raw = await client.GetByteArrayAsync($"/api/v1/events/{id}/raw");

        Assert.Equal(id, detail.RootElement.GetProperty("content").GetProperty("id").GetString());
        Assert.Contains(_ledger.Partitions.SelectMany(_ledger.Of), r => r.Bytes.Span.SequenceEqual(raw));
    }

    [Fact]
    public async Task An_event_is_shown_however_deep_it_nests()
    {
        var (given, id) = (new Given(23), new Given(24).NewId());
        var deep = Encoding.UTF8.GetBytes(new string('[', 64) + new string(']', 64));
        var json = new Content { Size = deep.Length, Sha256 = Digest.Of(deep), Json = RawJson.FromTrusted(deep) };
        _ledger.Append(id, given.Now, given.Intended(given.NewId(), "alice", "files", "read_file", "s-1", "x") with { Request = json });
        await _home.FoldAsync(_ledger);
        using var client = Client("auditor");

        var detail = await client.GetStringAsync(new Uri($"/api/v1/events/{id}", UriKind.Relative));

        Assert.Contains(Encoding.UTF8.GetString(_ledger.Of(LedgerPartition.Calls)[^1].Bytes.Span), detail, StringComparison.Ordinal);
        using var read = JsonDocument.Parse(detail, new() { MaxDepth = 128 });
        Assert.Equal(id.ToString(), read.RootElement.GetProperty("content").GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_session_is_shown_as_it_was_at_a_time()
    {
        var (_, now) = await GetAsync("sessions/s-1", "viewer");
        var session = now.RootElement.GetProperty("session");
        var (first, last) = (session.GetProperty("first").GetString()!, session.GetProperty("last").GetString()!);

        var (_, begun) = await GetAsync($"sessions/s-1?at={Uri.EscapeDataString(first)}", "viewer");
        var (_, ended) = await GetAsync($"sessions/s-1?at={Uri.EscapeDataString(last)}", "viewer");
        var (before, _) = await GetAsync("sessions/s-1?at=2020-01-01T00:00:00Z", "viewer");

        Assert.Equal(first, begun.RootElement.GetProperty("session").GetProperty("last").GetString());
        Assert.Equal(now.RootElement.GetRawText(), ended.RootElement.GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, before);
        Assert.Contains(_accesses, a => a.StartsWith("test-viewer read session s-1 at 2020-01-01", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("search", null, HttpStatusCode.Unauthorized)]
    [InlineData("search", "viewer", HttpStatusCode.OK)]
    [InlineData("tail", null, HttpStatusCode.Unauthorized)]
    [InlineData("events/019a0000-0000-7000-8000-000000000000", "viewer", HttpStatusCode.Forbidden)]
    [InlineData("events/019a0000-0000-7000-8000-000000000000/raw", "viewer", HttpStatusCode.Forbidden)]
    [InlineData("projections/parked", "viewer", HttpStatusCode.Forbidden)]
    [InlineData("events/019a0000-0000-7000-8000-000000000000", "auditor", HttpStatusCode.NotFound)]
    [InlineData("calls/nonsense", "viewer", HttpStatusCode.NotFound)]
    public async Task Roles_bound_what_is_answered(string path, string? role, HttpStatusCode expected)
    {
        using var client = Client(role);
        using var response = await client.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("passwd")]
    [InlineData("pa*")]
    [InlineData("%22etc passwd%22")]
    [InlineData("text:passwd")]
    [InlineData("text:*")]
    [InlineData("server:files and not (tool:x or pas*)")]
    [InlineData("hash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("hash:e3*")]
    [InlineData("not hash:*")]
    public async Task Words_of_payloads_are_found_by_those_who_may_see_payloads(string query)
    {
        foreach (var path in new[] { "search", "tail" })
        {
            var (status, body) = await GetAsync($"{path}?q={query}", "viewer");

            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.Contains("auditor", body.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.Equal("q", body.RootElement.GetProperty("field").GetString());
        }

        Assert.Empty(_accesses);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"search?q={query}", "auditor")).Status);
    }

    [Fact]
    public async Task The_digest_of_the_text_that_a_finding_is_about_is_shown_to_those_who_may_see_payloads()
    {
        var (given, text) = (new Given(25), Digest.Of("4111 1111 1111 1111"u8));
        var finding = given.Finding("dlp", Severity.High, "s-1") with { Text = text };
        given.Append(_ledger, finding);
        await _home.FoldAsync(_ledger);

        foreach (var path in new[] { "findings", $"findings/{finding.Finding}" })
        {
            Assert.DoesNotContain(text.ToString(), (await GetAsync(path, "viewer")).Body.RootElement.GetRawText(), StringComparison.Ordinal);
            Assert.Contains(text.ToString(), (await GetAsync(path, "auditor")).Body.RootElement.GetRawText(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("tool:read* and server:files and not outcome:ok and size>10")]
    public async Task What_an_event_is_about_is_found_by_everybody_who_sees_lists(string query) => Assert.Equal(HttpStatusCode.OK, (await GetAsync($"search?q={Uri.EscapeDataString(query)}", "viewer")).Status);

    [Theory]
    [InlineData("search?q=serverr:x", "q")]
    [InlineData("search?q=%22open", "q")]
    [InlineData("search?limit=0", "limit")]
    [InlineData("search?cursor=zzz", "cursor")]
    [InlineData("calls?limit=100000", "limit")]
    [InlineData("calls?cursor=!", "cursor")]
    [InlineData("tail?q=a)", "q")]
    public async Task A_bad_parameter_is_named_with_the_fix(string path, string field)
    {
        var (status, body) = await GetAsync(path, "viewer");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, body.RootElement.GetProperty("field").GetString());
        Assert.NotEmpty(body.RootElement.GetProperty("fix").GetString()!);
    }

    [Fact]
    public async Task Who_searches_and_reads_is_recorded_before_the_answer()
    {
        await GetAsync("search?q=passwd", "auditor");
        await GetAsync("events/019a0000-0000-7000-8000-000000000000", "auditor");
        Assert.Equal(["test-auditor search passwd", "test-auditor read event 019a0000-0000-7000-8000-000000000000"], _accesses);
        _recordable = false;

        var (status, _) = await GetAsync("search?q=passwd", "auditor");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
    }

    [Fact]
    public async Task An_admin_replays_what_was_parked_and_is_told_what_stays()
    {
        var lot = _app.Services.GetRequiredService<IParkingLot>();
        var given = new Given(22);
        given.Append(_ledger, given.Refused(given.NewId(), "eve", "files", "read_file", "s-9", "x"));
        await lot.ParkAsync(ProjectionExtensions.ConsumerName, _ledger.Of(LedgerPartition.Calls)[^1], "a version before could not read it", CancellationToken.None);
        await lot.ParkAsync(ProjectionExtensions.ConsumerName, new(LedgerPartition.Control, 9_999, "{}"u8.ToArray()), "no event", CancellationToken.None);
        await lot.ParkAsync("elsewhere", new(LedgerPartition.Calls, 8, "{}"u8.ToArray()), "no event", CancellationToken.None);
        using var auditor = Client("auditor");
        using var refused = await auditor.PostAsync(new Uri("/api/v1/projections/parked/replay", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        using var admin = Client("admin");
        using var response = await admin.PostAsync(new Uri("/api/v1/projections/parked/replay", UriKind.Relative), null);

        using var report = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal((1, 2), (report.RootElement.GetProperty("replayed").GetInt32(), report.RootElement.GetProperty("kept").GetInt32()));
        Assert.Contains("control-0 offset 9999", report.RootElement.GetProperty("failures")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("calls-0 offset 8 of elsewhere", report.RootElement.GetProperty("failures")[1].GetString(), StringComparison.Ordinal);
        Assert.Equal([8, 9_999], (await lot.ListAsync(CancellationToken.None)).Select(p => p.Offset));
        Assert.Contains("eve", await admin.GetStringAsync(new Uri("/api/v1/principals", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Contains(_accesses, a => a.EndsWith("replay parked records of the read models", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_search_engine_is_there_is_no_index_of_its_own_to_build_anew()
    {
        using var viewer = Client("viewer");
        using var refused = await viewer.PostAsync(new Uri("/api/v1/projections/index/rebuild", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var admin = Client("admin");
        using var response = await admin.PostAsync(new Uri("/api/v1/projections/index/rebuild", UriKind.Relative), null);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("Rebuild the read models", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_admin_rebuilds_and_is_told_that_the_rows_are_the_same()
    {
        using var viewer = Client("auditor");
        using var refused = await viewer.PostAsync(new Uri("/api/v1/projections/rebuild", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var admin = Client("admin");
        using var response = await admin.PostAsync(new Uri("/api/v1/projections/rebuild", UriKind.Relative), null);
        using var body = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync());
        Assert.True(body.RootElement.GetProperty("identical").GetBoolean());
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("search?q=*", "viewer")).Status);
    }

    [Fact]
    public async Task The_tail_ends_at_damage_and_says_why()
    {
        _ledger.Damage = "the checksum of calls-0 does not hold";
        using var client = Client("viewer");

        var sent = await client.GetStringAsync(new Uri("/api/v1/tail", UriKind.Relative));

        Assert.Contains("event: ended", sent, StringComparison.Ordinal);
        Assert.Contains("\"reason\":\"calls-0 is damaged at offset", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tail_sends_what_is_written_and_matches()
    {
        using var client = Client("viewer");
        using var response = await client.GetAsync(new Uri("/api/v1/tail?q=principal:newcomer", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        var given = new Given(22);
        given.Append(_ledger, given.Refused(given.NewId(), "somebody", "files", "read_file", "s-1", "x"));
        var id = given.NewId();
        _ledger.Append(id, given.Now, given.Refused(given.NewId(), "newcomer", "files", "read_file", "s-1", "x"));
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        string? data;
        do
        {
            data = await lines.ReadLineAsync();
        }
        while (data is not null && !data.StartsWith("data: {", StringComparison.Ordinal));

        using var hit = JsonDocument.Parse(data!["data:".Length..]);
        Assert.Equal(id.ToString(), hit.RootElement.GetProperty("event").GetString());
        Assert.StartsWith("id: calls-0:", await lines.ReadLineAsync(), StringComparison.Ordinal);
    }

    private HttpClient Client(string? role)
    {
        var client = _app.GetTestClient();
        if (role is not null)
        {
            client.DefaultRequestHeaders.Add("X-Role", role);
        }

        return client;
    }

    private async Task<(HttpStatusCode Status, JsonDocument Body)> GetAsync(string path, string role)
    {
        using var client = Client(role);
        using var response = await client.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative));
        return (response.StatusCode, await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync()));
    }

    private sealed class RoleFromHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var role = Request.Headers["X-Role"].ToString();
            var identity = new ClaimsIdentity([new(ClaimTypes.Name, $"test-{role}"), new(ClaimTypes.Role, role)], "test");
            return Task.FromResult(role.Length == 0 ? AuthenticateResult.NoResult() : AuthenticateResult.Success(new(new(identity), "test")));
        }
    }
}
