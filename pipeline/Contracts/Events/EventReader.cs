using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>Reads stored records back. Never changes or re-serialises them.</summary>
public static class EventReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = RecordJson.MaxDepth };

    /// <summary>Reads a whole record.</summary>
    /// <returns>False with the reason when the bytes are no event; an event of an unknown type is read as <see cref="UnknownEvent"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> record, out LedgerEvent? read, out string? fault)
    {
        read = null;
        try
        {
            var json = new Utf8JsonReader(record, Options);
            var header = ReadHeader(ref json, out var data, record);
            read = header is null ? null : new(header, data!);
            fault = header is null ? "a member of the envelope is missing, stands twice or is not what it should be" : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            fault = e.Message;
        }

        return read is not null;
    }

    /// <summary>Reads only the chain's members, which the ledger writes first; the payload is not parsed.</summary>
    /// <returns>False when the record does not begin as the ledger writes it.</returns>
    public static bool TryReadChain(ReadOnlySpan<byte> record, out ChainLink link, out EventId id)
    {
        link = default;
        id = default;
        try
        {
            var json = new Utf8JsonReader(record, Options);
            string? chain = null;
            long? seq = null;
            Digest? prev = null;
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("chain"u8))
                {
                    json.Read();
                    chain = json.GetString();
                }
                else if (json.ValueTextEquals("seq"u8))
                {
                    json.Read();
                    seq = json.GetInt64();
                }
                else if (json.ValueTextEquals("prev"u8))
                {
                    json.Read();
                    prev = Digest.TryParse(json.GetString(), out var digest) ? digest : null;
                }
                else if (json.ValueTextEquals("id"u8))
                {
                    json.Read();
                    if (chain is null || seq is null || prev is null || !json.TryGetGuid(out _) || !EventId.TryParse(json.GetString(), out id))
                    {
                        return false;
                    }

                    link = new(chain, seq.Value, prev.Value);
                    return true;
                }
                else
                {
                    json.Skip();
                }
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return false;
        }

        return false;
    }

    private static EventHeader? ReadHeader(ref Utf8JsonReader json, out EventData? data, ReadOnlySpan<byte> record)
    {
        data = null;
        string? chain = null, type = null, source = null, subject = null;
        long? seq = null;
        Digest? prev = null;
        EventId? id = null;
        DateTimeOffset? time = null;
        var seen = Member.Other;
        HashSet<string>? others = null;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var member = MemberAt(ref json);
            if (member == Member.Other ? !(others ??= new(StringComparer.Ordinal)).Add(json.GetString()!) : (seen & member) != 0)
            {
                return null;
            }

            seen |= member;
            json.Read();
            switch (member)
            {
                case Member.Chain: chain = json.GetString(); break;
                case Member.Seq: seq = json.GetInt64(); break;
                case Member.Prev: prev = Digest.TryParse(json.GetString(), out var digest) ? digest : null; break;
                case Member.Id: id = EventId.TryParse(json.GetString(), out var read) ? read : null; break;
                case Member.Type: type = json.GetString(); break;
                case Member.Source: source = json.GetString(); break;
                case Member.Subject: subject = json.GetString(); break;
                case Member.Time: time = DateTimeOffset.Parse(json.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal); break;
                case Member.Data when type is not null: data = ReadData(type, ref json, record); break;
                default: json.Skip(); break;
            }
        }

        // Reading on at the end of the record throws when something follows it.
        json.Read();
        return chain is null || seq is null || prev is null || id is null || type is null || source is null || time is null || data is null
            ? null
            : new() { Id = id.Value, Type = type, Source = source, Subject = subject, Time = time.Value, Chain = new(chain, seq.Value, prev.Value) };
    }

    private static Member MemberAt(ref Utf8JsonReader json) =>
        json.ValueTextEquals("chain"u8) ? Member.Chain
        : json.ValueTextEquals("seq"u8) ? Member.Seq
        : json.ValueTextEquals("prev"u8) ? Member.Prev
        : json.ValueTextEquals("id"u8) ? Member.Id
        : json.ValueTextEquals("type"u8) ? Member.Type
        : json.ValueTextEquals("source"u8) ? Member.Source
        : json.ValueTextEquals("subject"u8) ? Member.Subject
        : json.ValueTextEquals("time"u8) ? Member.Time
        : json.ValueTextEquals("data"u8) ? Member.Data
        : Member.Other;

    private static EventData? ReadData(string type, ref Utf8JsonReader json, ReadOnlySpan<byte> record)
    {
        if (EventCatalog.ReadingShapeOf(type) is { } shape)
        {
            return (EventData?)JsonSerializer.Deserialize(ref json, shape);
        }

        var start = (int)json.TokenStartIndex;
        json.Skip();
        return new UnknownEvent(RawJson.FromTrusted(record[start..(int)json.BytesConsumed].ToArray()));
    }

    // Names of the envelope as flags, so that which stood already is one number.
    [Flags]
    private enum Member
    {
        Other = 0,
        Chain = 1,
        Seq = 1 << 1,
        Prev = 1 << 2,
        Id = 1 << 3,
        Type = 1 << 4,
        Source = 1 << 5,
        Subject = 1 << 6,
        Time = 1 << 7,
        Data = 1 << 8,
    }
}
