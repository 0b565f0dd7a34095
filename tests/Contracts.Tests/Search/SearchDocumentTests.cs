using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Contracts.Tests.Events;

namespace McpLedger.Contracts.Tests.Search;

public sealed class SearchDocumentTests
{
    [Theory]
    [InlineData("verdict: refused", "Its tool was withheld.", true)]
    [InlineData("verdict: forwarded", "Its tool was withheld.", false)]
    [InlineData("withheld", "Its tool was withheld.", true)]
    [InlineData("verdict: refused", null, false)]
    [InlineData("verdict: forwarded", null, true)]
    public void A_message_of_a_stream_is_found_by_whether_it_passed_and_by_why_it_did_not(string query, string? dropped, bool matches)
    {
        var message = "{}"u8.ToArray();
        var document = DocumentOf(new MessageRelayed
        {
            Who = new() { Principal = "ada", Kind = "human", Authentication = "none" },
            What = new() { Server = "demo", Kind = "notification", Method = "notifications/progress" },
            Direction = Direction.ToClient,
            Message = new() { Size = message.Length, Sha256 = Digest.Of(message), Json = RawJson.FromTrusted(message) },
            Where = new() { Session = new("s-1", "protocol"), Monotonic = 0 },
            Dropped = dropped,
        });

        Assert.Equal(matches, Matches(query, document));
    }

    [Fact]
    public void A_dropped_segment_is_found_by_why_it_was_dropped() =>
        Assert.True(Matches("age and type: segment.dropped", DocumentOf(new SegmentDropped("calls-0", 0, 9, 1_024, "age"))));

    private static bool Matches(string text, SearchDocument document)
    {
        Assert.True(QueryParser.TryParse(text, DateTimeOffset.UnixEpoch, out var query, out var fault), $"{fault}");
        return QueryEvaluator.Matches(query, document);
    }

    private static SearchDocument DocumentOf(EventData data)
    {
        Assert.True(EventReader.TryRead(EventSamples.Record(new("test/1/calls-0", Digest.Zero), data, 1), out var read, out var fault), fault);
        return SearchDocuments.Of(read!, new Dictionary<Digest, ReadOnlyMemory<byte>>(), SearchDocuments.NewTerms());
    }
}
