using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>
/// The one door to the REST API that Elasticsearch 8 and OpenSearch 2 share. Every request can be made twice, so whatever may be a matter of time is tried again:
/// connections, time-outs, 429 and 5xx, each time at the next node and later than before.
/// </summary>
internal sealed class ElasticClient : IDisposable
{
    public const string Json = "application/json";
    public const string Lines = "application/x-ndjson";
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly ElasticOptions _options;
    private readonly HttpClient _http;
    private readonly ElasticNodes _nodes;
    private readonly TimeProvider _time;

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The client disposes of its handler.")]
    public ElasticClient(ElasticOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _nodes = new([.. options.Nodes.Select(n => n.AbsolutePath.EndsWith('/') ? n : new Uri(n.AbsoluteUri + "/"))], time);
        _http = new(ElasticTls.Handler(options)) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = Credentials(options);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("McpLedger");
    }

    /// <summary>Asks the engine.</summary>
    /// <param name="method">GET, PUT, POST or DELETE.</param>
    /// <param name="path">Path and query, without a slash in front.</param>
    /// <param name="body">Empty for none.</param>
    /// <param name="contentType">What the body is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Any answer but those that are a matter of time or of rights: those are exceptions once the tries are used up.</returns>
    /// <exception cref="ElasticException">It did not answer, or not to us.</exception>
    public async ValueTask<ElasticAnswer> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, string contentType, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var node = _nodes.Next();
            var (answer, wait, trouble) = await TryAsync(node, method, path, body, contentType, cancellationToken).ConfigureAwait(false);
            if (trouble is null)
            {
                _nodes.Answered(node);
                return answer.Status is 401 or 403 && answer.Kind() != "cluster_block_exception"
                    ? throw new ElasticException($"{_nodes[node].Authority} refuses {method} {Shown(path)}: {answer.Reason()}. Check user and password, or the API key and its rights.")
                    : answer;
            }

            _nodes.Failed(node);
            if (tries == _options.Retries)
            {
                throw trouble;
            }

            await DelayAsync(tries, wait, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask<ElasticAnswer> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, default, Json, cancellationToken);

    public ValueTask<ElasticAnswer> PutAsync(string path, ReadOnlyMemory<byte> json, CancellationToken cancellationToken) => SendAsync(HttpMethod.Put, path, json, Json, cancellationToken);

    public ValueTask<ElasticAnswer> PostAsync(string path, ReadOnlyMemory<byte> json, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, path, json, Json, cancellationToken);

    /// <summary>Waits between two tries: twice as long each time, at random within its second half, so that clients do not return together.</summary>
    public Task DelayAsync(int tries, TimeSpan? asked, CancellationToken cancellationToken)
    {
        var delay = FirstDelay * Math.Pow(2, Math.Min(tries, 16));
        delay = asked ?? (delay < LongestDelay ? delay : LongestDelay);
        return Task.Delay(delay * (0.5 + (RandomNumberGenerator.GetInt32(500) / 1000.0)), _time, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async ValueTask<(ElasticAnswer Answer, TimeSpan? Wait, ElasticException? Trouble)> TryAsync(
        int node, HttpMethod method, string path, ReadOnlyMemory<byte> body, string contentType, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, new Uri(_nodes[node], path));
        if (!body.IsEmpty)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new(contentType);
        }

        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            var answer = new ElasticAnswer((int)response.StatusCode, await ReadAsync(response, either.Token).ConfigureAwait(false));
            return answer.Status is 429 or >= 500
                ? (answer, WaitOf(response.Headers.RetryAfter), Trouble($"answers {answer.Reason()}", null))
                : (answer, null, null);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            return (default, null, Trouble($"did not answer within {_options.RequestTimeout.TotalSeconds:0.#} s", e));
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not ElasticException)
        {
            return (default, null, Trouble($"cannot be reached: {e.InnerException?.Message ?? e.Message}", e));
        }

        ElasticException Trouble(string what, Exception? e) => new($"{_nodes[node].Authority} {what} ({method} {Shown(path)})", e);
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var kept = new ArrayBufferWriter<byte>(16 * 1024);
        for (int read; (read = await stream.ReadAsync(kept.GetMemory(16 * 1024), cancellationToken).ConfigureAwait(false)) > 0;)
        {
            kept.Advance(read);
            if (kept.WrittenCount > _options.MaxAnswerBytes)
            {
                throw new ElasticException($"The search engine's answer is longer than {_options.MaxAnswerBytes} bytes.");
            }
        }

        return kept.WrittenMemory;
    }

    private static TimeSpan? WaitOf(RetryConditionHeaderValue? header) => header?.Delta is { } delta ? (delta < LongestDelay ? delta : LongestDelay) : null;

    private static string Shown(string path) => path.Length <= 80 ? path : path[..80] + "…";

    private static AuthenticationHeaderValue? Credentials(ElasticOptions options) =>
        options.ApiKey is { } key ? new("ApiKey", key)
        : options.User is { } user ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{options.Password}")))
        : null;
}
