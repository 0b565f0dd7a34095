using System.Text;
using CsCheck;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tests.Mcp;

public sealed class SseReaderTests
{
    private const string Stream =
        "\uFEFFid: 1\nretry: 250\ndata:\n\n: keep-alive\n\nevent: message\r\nid: 2\r\ndata: {\"a\":\r\ndata:1}\r\n\r\ndata: three\rid: bad\0id\r\rdata\n\nretry: soon\n\n\ndata: caf\u00e9\n\n";

    private static readonly string[] Parts = ["\r", "\n", "\r\n", "data: a", "data:", "id: x", ":", "event: e", "z", "\u00e9"];

    [Fact]
    public void A_stream_is_read_event_by_event()
    {
        var events = Read(Encoding.UTF8.GetBytes(Stream), [], 1000);
        Assert.Equal(8, events.Count);
        Assert.Equal(("1", 250L, true, ""), (events[0].Id, events[0].Retry, events[0].HasData, events[0].Data));
        Assert.Equal((true, ": keep-alive\n\n"), (events[1].IsCommentOnly, events[1].Raw));
        Assert.Equal(("message", "2", "{\"a\":\n1}"), (events[2].Event, events[2].Id, events[2].Data));
        Assert.Equal(("three", null), (events[3].Data, events[3].Id));
        Assert.Equal((true, ""), (events[4].HasData, events[4].Data));
        Assert.Equal((null, true), (events[5].Retry, events[5].IsCommentOnly));
        Assert.Equal(("\n", true), (events[6].Raw, events[6].IsCommentOnly));
        Assert.Equal("data: caf\u00e9\n\n", events[7].Raw);
    }

    [Fact]
    public void However_the_bytes_are_split_the_events_and_their_bytes_are_the_same()
    {
        var alphabet = Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]);
        Gen.Select(alphabet.Array[0, 40], Gen.Int[1, 7].Array[0, 200]).Sample((parts, cuts) =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(parts));
            var whole = Read(bytes, [], 1000);
            var split = Read(bytes, cuts, 1000);
            Assert.Equal(whole.Select(e => (e.Data, e.Id, e.Event, e.HasData)), split.Select(e => (e.Data, e.Id, e.Event, e.HasData)));
            Assert.StartsWith(string.Concat(split.Select(e => e.Raw)), Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void What_broke_off_stays_pending()
    {
        using var reader = new SseReader(100);
        reader.Append("data: a\n\ndata: b\n"u8);
        Assert.Equal(SseStep.Event, reader.TryRead(out _));
        Assert.Equal(SseStep.NeedMore, reader.TryRead(out _));
        Assert.Equal("data: b\n", McpReaderTests.Text(reader.Pending));
    }

    [Fact]
    public void An_event_that_ends_by_carriage_returns_does_not_wait_for_the_next_byte()
    {
        using var reader = new SseReader(100);
        reader.Append("data: a\r\r"u8);
        Assert.Equal(SseStep.Event, reader.TryRead(out var first));
        Assert.Equal("data: a\r\r", first.ToString());
        reader.Append("\ndata: b\r\n\r\n"u8);
        Assert.Equal(SseStep.Event, reader.TryRead(out var second));
        Assert.Equal(("\ndata: b\r\n\r\n", "b"), (second.ToString(), McpReaderTests.Text(second.Data)));
    }

    [Theory]
    [InlineData(10, 40)]
    [InlineData(1, 40)]
    [InlineData(40, 40)]
    public void An_event_past_the_limit_is_told_and_stays_told(int chunk, int limit)
    {
        using var reader = new SseReader(limit);
        var step = SseStep.NeedMore;
        for (var sent = 0; sent < limit * 2; sent += chunk)
        {
            reader.Append(Encoding.ASCII.GetBytes(new string('x', chunk)));
            step = reader.TryRead(out _);
        }

        Assert.Equal(SseStep.TooLong, step);
        reader.Append("\n\n"u8);
        Assert.Equal(SseStep.TooLong, reader.TryRead(out _));
    }

    private static List<Seen> Read(byte[] bytes, int[] cuts, int limit)
    {
        using var reader = new SseReader(limit);
        var seen = new List<Seen>();
        var at = 0;
        foreach (var cut in cuts.Append(bytes.Length))
        {
            var length = Math.Min(cut, bytes.Length - at);
            reader.Append(bytes.AsSpan(at, length));
            at += length;
            while (reader.TryRead(out var e) == SseStep.Event)
            {
                seen.Add(new(e.ToString(), e.Event, e.Id, McpReaderTests.Text(e.Data), e.HasData, e.Retry, e.IsCommentOnly));
            }
        }

        Assert.Equal(bytes.Length, seen.Sum(e => Encoding.UTF8.GetByteCount(e.Raw)) + reader.Pending.Length);
        return seen;
    }

    private sealed record Seen(string Raw, string? Event, string? Id, string Data, bool HasData, long? Retry, bool IsCommentOnly);
}
