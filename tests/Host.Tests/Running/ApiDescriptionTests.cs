using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using Microsoft.AspNetCore.Routing;

namespace McpLedger.Host.Tests.Running;

public sealed class ApiDescriptionTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task Every_route_of_the_api_is_described_and_none_that_is_not_there()
    {
        var routes = host.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.TrimStart('/').StartsWith("api/v1", StringComparison.Ordinal))
            .SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} /{e.RoutePattern.RawText!.Trim('/')}")).Order(StringComparer.Ordinal);

        Assert.Equal(routes, (await OperationsAsync()).Select(o => o.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_operation_says_what_it_is_for_what_it_takes_and_how_it_refuses()
    {
        var operations = await OperationsAsync();
        foreach (var (name, operation) in operations)
        {
            Assert.False(string.IsNullOrEmpty((string?)operation["summary"]), $"{name} has no summary");
            Assert.Contains("Needs the role", (string?)operation["description"], StringComparison.Ordinal);
            Assert.NotNull(operation["security"]?[0]?["token"]);
            Assert.Single(operation["tags"]!.AsArray());
            foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
            {
                Assert.False(string.IsNullOrEmpty((string?)parameter!["description"]), $"{name}: the parameter {parameter["name"]} has no description");
            }

            var responses = operation["responses"]!.AsObject();
            Assert.Contains(responses, r => r.Key.StartsWith('2'));
            foreach (var status in new[] { "400", "401", "503" })
            {
                Assert.True(responses.ContainsKey(status), $"{name} says nothing of {status}");
            }

            foreach (var (status, response) in responses.Where(r => r.Key is "200"))
            {
                Assert.True(response!["content"] is JsonObject { Count: > 0 }, $"{name} does not say what {status} holds");
            }

            if (operation["requestBody"] is { } body)
            {
                Assert.NotNull(body["content"]!["application/json"]!["example"]);
            }
        }

        var names = operations.Select(o => (string)o.Operation["operationId"]!).ToArray();
        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, n => Assert.Matches("^[a-z]+(-[a-z]+)*$", n));
    }

    [Fact]
    public async Task The_document_says_how_to_authenticate_and_under_which_licence()
    {
        var document = await DocumentAsync();

        Assert.Equal("bearer", (string?)document["components"]!["securitySchemes"]!["token"]!["scheme"]);
        Assert.Equal("McpLedger API", (string?)document["info"]!["title"]);
        Assert.Equal("Apache-2.0", (string?)document["info"]!["license"]!["name"]);
        Assert.NotNull(document["components"]!["schemas"]!["ProblemDetails"]!["properties"]!["fix"]);
    }

    [Fact]
    public async Task A_reading_says_that_it_ends_and_an_event_is_shown_as_the_object_that_it_is()
    {
        var operations = await OperationsAsync();
        foreach (var path in new[] { "search", "calls", "sessions/{id}", "tools", "findings", "events/{id}", "projections" })
        {
            var responses = operations.Single(o => o.Name == $"GET /api/v1/{path}").Operation["responses"]!;
            Assert.Contains("20 seconds", (string?)responses["504"]?["description"], StringComparison.Ordinal);
            Assert.NotNull(responses["504"]!["content"]!["application/problem+json"]);
        }

        foreach (var path in new[] { "search", "tail" })
        {
            Assert.Contains("auditor", (string?)operations.Single(o => o.Name == $"GET /api/v1/{path}").Operation["description"], StringComparison.Ordinal);
            Assert.NotNull(operations.Single(o => o.Name == $"GET /api/v1/{path}").Operation["responses"]!["403"]);
        }

        var content = (await DocumentAsync())["components"]!["schemas"]!["EventDetail"]!["properties"]!["content"]!;
        Assert.Null(content["format"]);
        Assert.Contains("object", content["type"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_names_the_readings_that_are_recorded_and_no_others()
    {
        var recorded = new List<string>();
        using var admin = host.Client(host.AdminSecret);
        foreach (var (name, operation) in (await OperationsAsync()).Where(o => o.Name.StartsWith("GET ", StringComparison.Ordinal)))
        {
            var path = name["GET /".Length..].Replace("{id}", "01a20f55-a287-7f60-a6d7-467f3540292f", StringComparison.Ordinal).Replace("{partition}", "calls-0", StringComparison.Ordinal)
                .Replace("{server}", "one", StringComparison.Ordinal).Replace("{tool}", "echo", StringComparison.Ordinal);
            var before = await AccessesAsync();
            using (await admin.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
            {
                recorded.AddRange(await AccessesAsync() > before ? [(string)operation["operationId"]!] : []);
            }
        }

        var said = Regex.Matches((string)(await DocumentAsync())["info"]!["description"]!, "`([a-z-]+)`", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(m => m.Groups[1].Value).Where(n => n != "cursor");
        Assert.Equal(recorded.Order(StringComparer.Ordinal), said.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("GET", "api/v1/calls?limit=abc", null, 400, "limit")]
    [InlineData("GET", "api/v1/calls?from=yesterday", null, 400, "from")]
    [InlineData("POST", "api/v1/keys", "{", 400, "JSON")]
    [InlineData("GET", "api/v1/nothing", null, 404, "/openapi/v1.json")]
    [InlineData("PUT", "api/v1/calls", null, 405, "Allow")]
    public async Task What_the_framework_refuses_is_a_problem_with_words(string method, string path, string? body, int status, string says)
    {
        using var admin = host.Client(host.AdminSecret);
        using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json") };

        using var answer = await admin.SendAsync(request);

        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Contains(says, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<int> AccessesAsync()
    {
        var reader = host.Get<ILedgerReader>();
        var count = 0;
        for (var from = 0L; await reader.ReadAsync(LedgerPartition.Control, from, 1 << 20, TestContext.Current.CancellationToken) is { Records.Count: > 0 } batch; from = batch.Next)
        {
            count += batch.Records.Count(r => EventReader.TryRead(r.Bytes.Span, out var read, out _) && read!.Data is AccessGranted);
        }

        return count;
    }

    private async Task<JsonNode> DocumentAsync()
    {
        using var client = host.Client(null);
        return JsonNode.Parse(await client.GetStringAsync("openapi/v1.json"))!;
    }

    private async Task<IReadOnlyList<(string Name, JsonNode Operation)>> OperationsAsync() =>
        [.. (await DocumentAsync())["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => ($"{o.Key.ToUpperInvariant()} {p.Key}", o.Value!)))];
}
