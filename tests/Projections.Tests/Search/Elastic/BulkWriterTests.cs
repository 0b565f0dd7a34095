using System.Text;
using System.Text.Json;
using McpLedger.Projections.Search.Elastic;

namespace McpLedger.Projections.Tests.Search.Elastic;

public sealed class BulkWriterTests
{
    [Fact]
    public async Task Items_are_retried_one_by_one_and_only_those_that_were_not_taken()
    {
        // The first time the third is refused for good, the second was there, and two have to wait.
        var rounds = new Queue<int[]>([[201, 409, 400, 429, 503], [429, 201], [201]]);
        await using var server = await StandIn.StartAsync(_ => (200, Answer(rounds.Dequeue())));
        var writer = Writer(server, new() { Nodes = [server.Address] });

        var outcome = await writer.WriteAsync(Items(5), CancellationToken.None);

        Assert.Equal((3, 1), (outcome.Made, outcome.There));
        Assert.Equal("document_parsing_exception: status 400", Assert.Single(outcome.Refused).Value);
        Assert.Equal(2, outcome.Refused.Keys.Single());
        Assert.Equal(["01234", "34", "3"], server.Requests.Select(r => OffsetsOf(r.Body)));
        Assert.All(server.Requests, r => Assert.EndsWith("\n", r.Body, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(400, "validation_exception")]
    [InlineData(400, "index_closed_exception")]
    [InlineData(403, "cluster_block_exception")]
    [InlineData(403, "security_exception")]
    [InlineData(404, "index_not_found_exception")]
    [InlineData(418, "something_new")]
    public async Task What_an_operator_can_mend_gives_no_document_up(int status, string kind)
    {
        await using var server = await StandIn.StartAsync(_ => (200, Answer([status], kind)));
        var writer = Writer(server, new() { Nodes = [server.Address], Retries = 1 });

        var failure = await Assert.ThrowsAsync<ElasticException>(async () => await writer.WriteAsync(Items(1), CancellationToken.None));

        Assert.Contains(kind, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("<html>sign in</html>")]
    [InlineData("""{"errors":false}""")]
    [InlineData("""{"errors":false,"items":[{"create":{"status":201}}]}""")]
    [InlineData("""{"errors":false,"items":[{"create":{"status":201}},{"create":{}}]}""")]
    [InlineData("""{"errors":false,"items":[{"create":{"status":201}},{"index":{"status":201}}]}""")]
    public async Task An_answer_that_does_not_say_of_every_document_what_became_of_it_is_none(string answer)
    {
        await using var server = await StandIn.StartAsync(_ => (200, answer));
        var writer = Writer(server, new() { Nodes = [server.Address], Retries = 0 });

        await Assert.ThrowsAsync<ElasticException>(async () => await writer.WriteAsync(Items(2), CancellationToken.None));
    }

    [Fact]
    public async Task Requests_are_bounded_in_bytes_and_halved_where_even_that_is_too_much()
    {
        await using var server = await StandIn.StartAsync(asked => asked.Body.Length > 200 ? (413, "too large") : (200, Answer([.. Enumerable.Repeat(201, OffsetsOf(asked.Body).Length)])));
        var writer = Writer(server, new() { Nodes = [server.Address], MaxRequestBytes = 400 });
        var items = Items(9);
        items[4] = items[4] with { Lines = Encoding.UTF8.GetBytes($"{{\"create\":{{\"_id\":\"4\"}}}}\n{{\"x\":\"{new string('y', 500)}\"}}\n") };

        var outcome = await writer.WriteAsync(items, CancellationToken.None);

        Assert.Equal((8, 1), (outcome.Made, outcome.Refused.Count));
        Assert.StartsWith("413", outcome.Refused[4], StringComparison.Ordinal);
        Assert.All(server.Requests.Where(r => !r.Body.Contains('y', StringComparison.Ordinal)), r => Assert.InRange(r.Body.Length, 1, 400));
    }

    private static BulkWriter Writer(StandIn server, ElasticOptions options)
    {
        Assert.Equal(server.Address, options.Nodes[0]);
        return new(new(options, TimeProvider.System), options);
    }

    private static List<BulkItem> Items(int count) => [.. Enumerable.Range(0, count).Select(i => new BulkItem(i, Encoding.UTF8.GetBytes($"{{\"create\":{{\"_id\":\"{i}\"}}}}\n{{\"x\":\"{new string('z', 40)}\"}}\n")))];

    private static string OffsetsOf(string body) =>
        string.Concat(body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where((_, i) => i % 2 == 0).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("create").GetProperty("_id").GetString()));

    private static string Answer(int[] statuses, string kind = "document_parsing_exception") => JsonSerializer.Serialize(new
    {
        errors = statuses.Any(s => s > 201),
        items = statuses.Select(s => s <= 201 ? (object)new { create = new { status = s } } : new { create = new { status = s, error = new { type = kind, reason = $"status {s}" } } }),
    });
}
