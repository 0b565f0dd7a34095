using System.Text;
using System.Text.Json;
using CsCheck;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Events;

public sealed class EventReaderTests
{
    [Fact]
    public void What_was_written_is_read_back_member_by_member()
    {
        foreach (var (data, record) in EventSamples.Records())
        {
            Assert.True(EventReader.TryRead(record, out var read, out var fault), fault);
            Assert.Equal(EventCatalog.NameOf(data), read!.Header.Type);
            Assert.Equal(Serialize(data), Serialize(read.Data));
            using var platform = JsonDocument.Parse(record, new() { AllowDuplicateProperties = false });
            Assert.Equal("1.0", platform.RootElement.GetProperty("specversion").GetString());
        }
    }

    [Fact]
    public void A_message_is_kept_byte_for_byte_however_deep_the_wire_let_it_be()
    {
        foreach (var json in new[] { $"{new string('[', 250)}{new string(']', 250)}", """{"b" : 1.50, "a":"\u00e9\/é\ud800" }""" })
        {
            var raw = Encoding.UTF8.GetBytes(json);
            var intended = (CallIntended)EventSamples.All[0] with { Request = new() { Size = raw.Length, Sha256 = Digest.Of(raw), Json = RawJson.FromTrusted(raw) } };
            var record = EventSamples.Record(new("c", Digest.Zero), intended, 1);
            Assert.True(EventReader.TryRead(record, out var read, out var fault), fault);
            Assert.Equal(json, ((CallIntended)read!.Data).Request.Json.ToString());
        }
    }

    [Fact]
    public void An_event_of_an_unknown_type_keeps_its_bytes()
    {
        var record = Encoding.UTF8.GetBytes(Sample().Replace("heartbeat.v1", "invented.v9", StringComparison.Ordinal));
        Assert.True(EventReader.TryRead(record, out var read, out _));
        Assert.Equal("""{"written":1,"received":2,"handled":3,"dropped":4}""", Assert.IsType<UnknownEvent>(read!.Data).Raw.ToString());
        Assert.Equal("invented.v9", read.Header.Type);
    }

    [Fact]
    public void Members_that_a_later_version_adds_are_passed_over() =>
        Assert.True(EventReader.TryRead(Encoding.UTF8.GetBytes(Sample().Replace("\"written\"", "\"added\":{\"x\":[1]},\"written\"", StringComparison.Ordinal)), out _, out _));

    [Theory]
    [InlineData("chain")]
    [InlineData("seq")]
    [InlineData("prev")]
    [InlineData("id")]
    [InlineData("type")]
    [InlineData("source")]
    [InlineData("time")]
    [InlineData("data")]
    [InlineData("written")]
    [InlineData("dropped")]
    public void A_record_without_a_member_it_needs_is_no_event(string member)
    {
        Assert.True(EventReader.TryRead(Encoding.UTF8.GetBytes(Sample()), out _, out _));
        Assert.False(EventReader.TryRead(Encoding.UTF8.GetBytes(Sample().Replace($"\"{member}\"", "\"other\"", StringComparison.Ordinal)), out var read, out var fault));
        Assert.Null(read);
        Assert.NotEmpty(fault!);
    }

    [Theory]
    [InlineData("\"seq\":0", "\"seq\":\"0\"")]
    [InlineData("\"seq\":0", "\"seq\":0,\"seq\":1")]
    [InlineData("\"seq\":0", "\"seq\":99999999999999999999")]
    [InlineData("\"handled\":3", "\"handled\":3,\"handled\":4")]
    [InlineData("\"handled\":3", "\"handled\":null")]
    [InlineData("2026-11-24T", "yesterday ")]
    [InlineData("\"prev\":\"0", "\"prev\":\"x")]
    [InlineData("}}", "}}}")]
    [InlineData("}}", "}} x")]
    [InlineData("}}", "}")]
    public void A_record_with_a_member_that_is_wrong_or_twice_is_no_event(string right, string wrong)
    {
        Assert.Contains(right, Sample(), StringComparison.Ordinal);
        Assert.False(EventReader.TryRead(Encoding.UTF8.GetBytes(Sample().Replace(right, wrong, StringComparison.Ordinal)), out _, out _), wrong);
    }

    [Fact]
    public void A_key_without_an_id_is_no_event_rather_than_a_null()
    {
        var key = EventSamples.All.OfType<KeyCreated>().Single();
        var record = Encoding.UTF8.GetString(EventSamples.Record(new("c", Digest.Zero), key with { Principal = null, Role = null, Expires = null }, 1));
        Assert.True(EventReader.TryRead(Encoding.UTF8.GetBytes(record), out var read, out var fault), fault);
        Assert.Null(((KeyCreated)read!.Data).Principal);
        Assert.False(EventReader.TryRead(Encoding.UTF8.GetBytes(record.Replace("\"key\"", "\"keys\"", StringComparison.Ordinal)), out _, out _));
        Assert.False(EventReader.TryRead(Encoding.UTF8.GetBytes(record.Replace("\"key\":\"0123456789ab\"", "\"key\":null", StringComparison.Ordinal)), out _, out _));
    }

    [Fact]
    public void Garbage_is_a_fault_and_never_an_exception()
    {
        var records = EventSamples.Records().Select(sample => sample.Record).ToArray();
        Gen.Select(Gen.Int[0, records.Length - 1], Gen.Select(Gen.Int[0, 5000], Gen.Byte).Array[0, 4], Gen.Int[0, 5000]).Sample((which, changes, cut) =>
        {
            var record = records[which].ToArray();
            foreach (var (at, value) in changes)
            {
                record[at % record.Length] = value;
            }

            foreach (var bytes in new[] { record, record[..(cut % record.Length)], record[(cut % record.Length)..] })
            {
                Assert.Equal(EventReader.TryRead(bytes, out var read, out var fault), fault is null);
                var isChained = EventReader.TryReadChain(bytes, out var link, out _);
                if (read is not null && isChained)
                {
                    Assert.Equal(read.Header.Chain, link);
                }
            }
        });
    }

    private static string Sample() => Encoding.UTF8.GetString(EventSamples.Record(new("c", Digest.Zero), new Heartbeat(1, 2, 3, 4), 1));

    private static string Serialize(EventData data) => JsonSerializer.Serialize(data, EventCatalog.ShapeOf(data));
}
