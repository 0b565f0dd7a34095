using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using McpLedger.Benchmarks.Load;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>
/// <c>./bench.sh agreement</c>: how long after an answer of the API both gateways act on it. A key is made and revoked through the projections role;
/// gateways that share nothing hear of it from the control log.
/// </summary>
internal static class AgreementVerb
{
    private const double Target = 1;
    private const string Call =
        """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"bench","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"agreement","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}""";

    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(Options options)
    {
        using var scratch = Scratch.Make();
        var plan = new TopologyPlan(options.Number("brokers", 1), options.Value("durable") ?? "disk", Partitions: 4);
        await using var topology = await Topology.StartAsync(plan, Path.Combine(scratch.Path, "topology"));
        using var http = new HttpClient { Timeout = Patience };
        var times = options.Number("times", 50);
        List<double> made = [], revoked = [];
        for (var round = 0; round <= times; round++)
        {
            var key = await AskAsync(topology, http, HttpMethod.Post, "api/v1/keys", new { principal = "you" });
            var taken = await UntilAsync(topology, http, key.GetProperty("secret").GetString()!, HttpStatusCode.OK);
            await AskAsync(topology, http, HttpMethod.Delete, $"api/v1/keys/{key.GetProperty("id").GetString()}", null);
            var refused = await UntilAsync(topology, http, key.GetProperty("secret").GetString()!, HttpStatusCode.Unauthorized);

            // The first round compiles.
            if (round > 0)
            {
                made.Add(taken);
                revoked.Add(refused);
            }
        }

        Console.WriteLine($"2 gateways, {plan.Brokers} broker(s), durable: {plan.Durable}; from the API's answer until the slower gateway acts on it, {times} times");
        Say("a new key is taken", made);
        Say("a revoked key is refused", revoked);
        return made.Concat(revoked).All(s => s <= Target) ? 0 : 1;
    }

    private static void Say(string what, List<double> seconds)
    {
        double[] sorted = [.. seconds.Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-26} p50 {Latencies.At(sorted, 0.5):0.000} s, p95 {Latencies.At(sorted, 0.95):0.000} s, max {sorted[^1]:0.000} s; target 1 s {(sorted[^1] <= Target ? "reached" : "missed")}"));
    }

    private static async Task<double> UntilAsync(Topology topology, HttpClient http, string key, HttpStatusCode wanted)
    {
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(topology.Gateways.Select(async gateway =>
        {
            while (await CallAsync(http, gateway.Address, key) != wanted)
            {
                if (Stopwatch.GetElapsedTime(began) > Patience)
                {
                    throw new TimeoutException($"{gateway.Name} did not answer {(int)wanted} within {Patience.TotalSeconds:0} s.");
                }

                await Task.Delay(AskEvery);
            }
        }));
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient http, Uri gateway, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, $"/s/{Topology.Server}/mcp")) { Content = new StringContent(Call, null, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        request.Headers.Add("Mcp-Method", "tools/call");
        request.Headers.Add("Mcp-Name", "bench");
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<JsonElement> AskAsync(Topology topology, HttpClient http, HttpMethod method, string path, object? body)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(AskEvery))
        {
            using var request = new HttpRequestMessage(method, new Uri(topology.Address, path)) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", topology.Key);
            using var answer = await http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();

            // The role that is asked hears of a new key from the log like everybody else, and may be the last.
            if (answer.StatusCode == HttpStatusCode.NotFound && Stopwatch.GetElapsedTime(began) < Patience)
            {
                continue;
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{method} {path}: {(int)answer.StatusCode} {text}");
            }

            using var document = JsonDocument.Parse(text.Length > 0 ? text : "null");
            return document.RootElement.Clone();
        }
    }
}
