using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Events;

/// <summary>Ids of events and of findings.</summary>
public sealed class EventIdTests
{
    private static readonly DateTimeOffset Moment = new(2026, 11, 26, 13, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void An_id_is_a_UUID_of_version_7_of_its_moment()
    {
        var id = EventId.New(new FixedTime(Moment)).Value;

        Assert.Equal((7, 2), (id.Version, id.Variant >> 2));
        Assert.Equal(Moment.ToUnixTimeMilliseconds(), Convert.ToInt64(id.ToString("N")[..12], 16));
    }

    [Fact]
    public async Task No_two_ids_are_alike_on_any_thread()
    {
        var time = new FixedTime(Moment);
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 20_000).Select(_ => EventId.New(time)).ToArray())));

        Assert.Equal(160_000, ids.SelectMany(each => each).Distinct().Count());
    }

    [Fact]
    public void The_same_evidence_is_the_same_finding_and_other_evidence_another()
    {
        var (call, text, model) = (EventId.New(new FixedTime(Moment)), Digest.Of("text"u8), Digest.Of("model"u8));
        EventId[] ids =
        [
            FindingId.Of(call, "injection", null, text, Severity.High, model),
            FindingId.Of(call, "injection", "rule", text, Severity.High, model),
            FindingId.Of(call, "injection", null, model, Severity.High, model),
            FindingId.Of(call, "injection", null, text, Severity.Medium, model),
            FindingId.Of(call, "injection", null, text, Severity.High, null),
            FindingId.Of(EventId.New(new FixedTime(Moment)), "injection", null, text, Severity.High, model),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(ids[0], FindingId.Of(call, "injection", null, text, Severity.High, model));
        Assert.Equal(call.ToString()[..13], ids[0].ToString()[..13]);
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
