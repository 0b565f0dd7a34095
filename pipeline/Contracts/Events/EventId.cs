using System.Text.Json.Serialization;

namespace McpLedger.Contracts.Events;

/// <summary>The id of an event or of a call: a UUID of version 7 (RFC 9562 §5.7), so that ids sort by time.</summary>
[JsonConverter(typeof(EventIdConverter))]
public readonly record struct EventId
{
    private EventId(Guid value) => Value = value;

    /// <summary>The UUID.</summary>
    public Guid Value { get; }

    /// <summary>Makes a new id at the clock's present moment.</summary>
#pragma warning disable RS0030 // The one place where ids are made, from an injected clock.
    public static EventId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));
#pragma warning restore RS0030

    /// <summary>Reads the 36-character form with hyphens.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out EventId id)
    {
        var read = Guid.TryParseExact(text, "D", out var value);
        id = new(value);
        return read;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}
