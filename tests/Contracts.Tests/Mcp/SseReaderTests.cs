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

    [Theory]
    [InlineData("\u2028")]
    [InlineData("\u2029")]
    [InlineData("\u0085")]
    [InlineData("\v")]
    [InlineData("\f")]
    [InlineData("\u001c")]
    [InlineData("\0")]
    [InlineData("\u007f")]
    public void A_line_beside_the_data_that_others_would_cut_is_shown_as_a_blank_comment(string end)
    {
        using var reader = new SseReader(1000);
        var blank = ":" + new string(' ', Encoding.UTF8.GetByteCount(end) + 6);
        reader.Append(Encoding.UTF8.GetBytes($"\uFEFFdata: {{\"a\":\"{end}\"}}\r\n: data{end}x\r\nxdata: {end}\nretry:{end}9\r\r: \u00e9\u2027\u00a0\tx\n\n"));
        Assert.Equal(SseStep.Event, reader.TryRead(out var first));
        Assert.Equal($"\uFEFFdata: {{\"a\":\"{end}\"}}\r\n{blank}\r\n{blank}\n{blank}\r\r", McpReaderTests.Text(first.Shown));
        Assert.Equal(($"{{\"a\":\"{end}\"}}", false), (McpReaderTests.Text(first.Data), first.IsSplit));
        Assert.Equal(SseStep.Event, reader.TryRead(out var second));
        Assert.True(second.Raw.Equals(second.Shown));
    }

    [Theory]
    [InlineData("id: 1\u2028\n\n", true)]
    [InlineData("id: 1\0\n\n", true)]
    [InlineData("event: a\u0085\ndata: x\n\n", true)]
    [InlineData("\uFEFFid: 1\f\n\n", true)]
    [InlineData("id: caf\u00e9 1\nevent: message\ndata: \u2028\n\n", false)]
    public void An_id_or_a_type_that_others_would_cut_is_told(string text, bool isSplit)
    {
        using var reader = new SseReader(1000);
        reader.Append(Encoding.UTF8.GetBytes(text));
        Assert.Equal(SseStep.Event, reader.TryRead(out var read));
        Assert.Equal(isSplit, read.IsSplit);
    }

    [Theory]
    [InlineData("data: 1\n\n", true)]
    [InlineData("event: message\ndata: 1\n\n", true)]
    [InlineData("event: x\nevent:\ndata: 1\n\n", true)]
    [InlineData("event: ping\ndata: 1\n\n", false)]
    [InlineData("event: Message\ndata: 1\n\n", false)]
    [InlineData("id: 1\ndata:\n\n", false)]
    public void Data_is_a_message_under_no_other_type(string text, bool isMessage)
    {
        using var reader = new SseReader(1000);
        reader.Append(Encoding.UTF8.GetBytes(text));

        Assert.Equal(SseStep.Event, reader.TryRead(out var read));
        Assert.Equal(isMessage, read.IsMessage);
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
