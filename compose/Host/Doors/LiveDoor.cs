using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using McpLedger.Host.Access;
using McpLedger.Host.Commands;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Search;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Host.Doors;

/// <summary>The HTTP API of the instance that has the ledger open, with the admin token that lies beside its address.</summary>
internal sealed class LiveDoor : ILedgerDoor
{
    private const int MaxProblemBytes = 64 * 1024;
    private const int MaxBytes = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly HttpClient _client;
    private readonly TimeSpan _patience;

    /// <param name="client">Toward the instance; it waits without end from here on.</param>
    /// <param name="patience">Longest that an answer may take which is none to a long verb.</param>
    internal LiveDoor(HttpClient client, TimeSpan patience)
    {
        (_client, _patience) = (client, patience);
        client.Timeout = Timeout.InfiniteTimeSpan;
    }

    /// <returns>Null when no instance has the folder open.</returns>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The door owns the client and disposes it.")]
    public static LiveDoor? Find(string dataFolder) =>
        RunningInstance.Find(dataFolder) is { } instance ? new(LocalHttp.Toward(instance, AdminToken.Read(dataFolder)), Patience) : null;

    /// <summary>The API that the command line names, else that of the instance that has the folder open.</summary>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The door owns the client and disposes it.")]
    public static LiveDoor? Find(ParseResult parsed) => Elsewhere(parsed) is { } url
        ? new(LocalHttp.Toward(new(url, 0, null, ""), CommonOptions.KeyOfEnvironment()), Patience)
        : Find(DataFolder.Of(parsed));

    /// <summary>Where the command line or the environment says the API is; null when neither says anything.</summary>
    /// <exception cref="UsageException">What the environment says is no address.</exception>
    public static Uri? Elsewhere(ParseResult parsed) => parsed.GetValue(CommonOptions.Api) ?? CommonOptions.ApiOfEnvironment();

    public Task<DoorAnswer<SearchPage>> SearchAsync(SearchRequest request, CancellationToken cancellationToken)
    {
        var query = $"api/v1/search?q={Uri.EscapeDataString(request.Query)}&limit={request.Limit}&housekeeping={(request.Housekeeping ? "true" : "false")}&summary={(request.Summary ? "true" : "false")}"
            + Optional("from", request.From?.ToString("o", CultureInfo.InvariantCulture))
            + Optional("to", request.To?.ToString("o", CultureInfo.InvariantCulture))
            + Optional("cursor", request.Cursor);
        return SendAsync<SearchPage>(HttpMethod.Get, query, null, cancellationToken);
    }

    public Task<DoorAnswer<SessionDetail>> SessionAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<SessionDetail>(HttpMethod.Get, $"api/v1/sessions/{Uri.EscapeDataString(id)}", null, cancellationToken);

    public Task<DoorAnswer<ViewPage<CallView>>> CallsAsync(CallFilter filter, CancellationToken cancellationToken) => SendAsync<ViewPage<CallView>>(
        HttpMethod.Get,
        $"api/v1/calls?limit={filter.Limit}{Optional("session", filter.Session)}{Optional("server", filter.Server)}{Optional("method", filter.Method)}{Optional("name", filter.Name)}{Optional("principal", filter.Principal)}"
        + $"{Optional("outcome", filter.Outcome)}{Optional("from", filter.From?.ToString("o", CultureInfo.InvariantCulture))}{Optional("to", filter.To?.ToString("o", CultureInfo.InvariantCulture))}{Optional("cursor", filter.Cursor)}",
        null,
        cancellationToken);

    public Task<DoorAnswer<ViewPage<ToolView>>> ToolsAsync(ToolFilter filter, CancellationToken cancellationToken) => SendAsync<ViewPage<ToolView>>(
        HttpMethod.Get,
        $"api/v1/tools?limit={filter.Limit}&changed={(filter.Changed ? "true" : "false")}&withheld={(filter.Withheld ? "true" : "false")}{Optional("server", filter.Server)}{Optional("cursor", filter.Cursor)}",
        null,
        cancellationToken);

    public Task<DoorAnswer<ToolView>> ToolAsync(string server, string tool, CancellationToken cancellationToken) =>
        SendAsync<ToolView>(HttpMethod.Get, $"api/v1/tools/{Uri.EscapeDataString(server)}/{Uri.EscapeDataString(tool)}", null, cancellationToken);

    public Task<DoorAnswer<ViewPage<FindingView>>> FindingsAsync(FindingFilter filter, CancellationToken cancellationToken) => SendAsync<ViewPage<FindingView>>(
        HttpMethod.Get,
        $"api/v1/findings?limit={filter.Limit}{Optional("state", filter.State)}{Optional("detector", filter.Detector)}{Optional("severity", filter.Severity)}{Optional("session", filter.Session)}"
        + $"{Optional("principal", filter.Principal)}{Optional("server", filter.Server)}{Optional("from", filter.From?.ToString("o", CultureInfo.InvariantCulture))}{Optional("to", filter.To?.ToString("o", CultureInfo.InvariantCulture))}{Optional("cursor", filter.Cursor)}",
        null,
        cancellationToken);

    public Task<DoorAnswer<FindingView>> FindingAsync(string id, CancellationToken cancellationToken) =>
        SendAsync<FindingView>(HttpMethod.Get, $"api/v1/findings/{Uri.EscapeDataString(id)}", null, cancellationToken);

    public Task<DoorAnswer<ViewPage<KeyView>>> KeysAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        SendAsync<ViewPage<KeyView>>(HttpMethod.Get, $"api/v1/keys?limit={limit}{Optional("cursor", cursor)}", null, cancellationToken);

    /// <summary>Asks the API for something only a running instance does.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query, from <c>api/</c> on.</param>
    /// <param name="body">What is sent as JSON; null for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<DoorAnswer<T>> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
        where T : class => SendAsync<T>(method, path, body, _patience, cancellationToken);

    /// <summary>Asks for what takes as long as the ledger is: whoever asked ends the waiting, no clock does.</summary>
    public Task<DoorAnswer<T>> SendLongAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
        where T : class => SendAsync<T>(method, path, body, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Asks for bytes as they are.</summary>
    public Task<DoorAnswer<byte[]>> BytesAsync(string path, CancellationToken cancellationToken) => WithinAsync<byte[]>(
        _patience,
        async within =>
        {
            using var response = await _client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, within);
            if (response.IsSuccessStatusCode)
            {
                return new(await BoundedBody.ReadAsync(response.Content, MaxBytes, within), null, ExitCode.Ok);
            }

            await using var stream = await response.Content.ReadAsStreamAsync(within);
            return await RefusedAsync<byte[]>(response, stream, within);
        },
        cancellationToken);

    /// <summary>Opens a stream of server-sent events.</summary>
    public async Task<DoorAnswer<Stream>> StreamAsync(string path, CancellationToken cancellationToken)
    {
        var response = await _client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return response.IsSuccessStatusCode ? new(stream, null, ExitCode.Ok) : await RefusedAsync<Stream>(response, stream, cancellationToken);
    }

    public void Dispose() => _client.Dispose();

    private Task<DoorAnswer<T>> SendAsync<T>(HttpMethod method, string path, object? body, TimeSpan longest, CancellationToken cancellationToken)
        where T : class => WithinAsync<T>(
            longest,
            async within =>
            {
                using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body, options: Terminal.JsonForm) };
                using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, within);
                await using var stream = await response.Content.ReadAsStreamAsync(within);
                return response.IsSuccessStatusCode
                    ? new(response.StatusCode == System.Net.HttpStatusCode.NoContent ? null : await JsonSerializer.DeserializeAsync<T>(stream, Terminal.JsonForm, within), null, ExitCode.Ok)
                    : await RefusedAsync<T>(response, stream, within);
            },
            cancellationToken);

    private async Task<DoorAnswer<T>> WithinAsync<T>(TimeSpan longest, Func<CancellationToken, Task<DoorAnswer<T>>> ask, CancellationToken cancellationToken)
        where T : class
    {
        using var deadline = new CancellationTokenSource(longest);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await ask(either.Token);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or IOException)
        {
            return new(null, $"the running instance at {_client.BaseAddress} does not answer: {e.Message}", ExitCode.Unavailable);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, string.Create(CultureInfo.InvariantCulture, $"the running instance at {_client.BaseAddress} did not answer within {longest.TotalMinutes:0.##} minutes."), ExitCode.Unavailable);
        }
    }

    private static string Optional(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static int ExitCodeOf(int status) => status switch { 404 or 409 => ExitCode.Finding, >= 400 and < 500 => ExitCode.Usage, _ => ExitCode.Unavailable };

    private static async Task<DoorAnswer<T>> RefusedAsync<T>(HttpResponseMessage response, Stream stream, CancellationToken cancellationToken)
        where T : class
    {
        var bytes = new byte[MaxProblemBytes];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            var problem = JsonSerializer.Deserialize<JsonObject>(bytes.AsSpan(0, length));
            var fix = problem?["fix"]?.ToString();
            return problem?["errors"] is JsonArray list && list.Deserialize<IReadOnlyList<ConfigFault>>(Terminal.JsonForm) is { } faults
                ? new(null, $"the configuration does not hold, and the one in force stays.{string.Concat(faults.Select(f => $"\n  {f.Describe("configuration")}"))}", ExitCode.Usage)
                : new(null, $"{problem?["detail"] ?? $"HTTP {(int)response.StatusCode}"}{(fix is null ? "" : $" Fix: {fix}")}", ExitCodeOf((int)response.StatusCode));
        }
        catch (JsonException)
        {
            return new(null, $"HTTP {(int)response.StatusCode}", ExitCodeOf((int)response.StatusCode));
        }
    }
}
