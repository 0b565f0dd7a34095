using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using McpLedger.Benchmarks.Scaled;

namespace McpLedger.Benchmarks.Million;

/// <summary>Now and then makes a call like any other, and asks the API for the word that only this call has until it is found.</summary>
internal sealed class SearchProbe(Topology topology, CallIds ids, StallWatch stalls) : IDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private readonly HttpClient _http = new() { BaseAddress = topology.Address, Timeout = Longest };
    private readonly SessionClient _client = ClientOf(topology, ids);

    /// <summary>Seconds from the answer to the first search that finds its call; those left out in which the machine stood still.</summary>
    public List<double> Seconds { get; } = [];

    /// <summary>Calls that were not found in time.</summary>
    public int NotFound { get; private set; }

    public IReadOnlyList<long> Answered => _client.Answered;

    public async Task RunAsync(TimeSpan every, CancellationToken ending)
    {
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", topology.Key);
        while (!ending.IsCancellationRequested && !ids.AreOver)
        {
            if (await _client.CallOnceAsync() is { } id)
            {
                await FindAsync(SessionCall.WordOf(id));
            }

            await Task.Delay(every, CancellationToken.None);
        }
    }

    public void Dispose() => _http.Dispose();

    private static SessionClient ClientOf(Topology topology, CallIds ids)
    {
        var endpoint = new Uri(topology.Address, $"/s/{Topology.Server}/mcp");
        return new(endpoint, new(endpoint, topology.Key), ids, new(), () => Task.CompletedTask);
    }

    private async Task FindAsync(string word)
    {
        var (began, before) = (Stopwatch.GetTimestamp(), stalls.Count);
        while (Stopwatch.GetElapsedTime(began) < Longest)
        {
            using var answer = await _http.GetAsync(new Uri($"/api/v1/search?q={word}&summary=false&limit=1", UriKind.Relative));
            if (answer.IsSuccessStatusCode && JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("hits").GetArrayLength() > 0)
            {
                if (stalls.Count == before)
                {
                    Seconds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                }

                return;
            }

            await Task.Delay(AskEvery);
        }

        NotFound++;
    }
}
