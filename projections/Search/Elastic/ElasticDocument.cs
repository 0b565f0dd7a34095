using System.Collections.Immutable;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Writes an event as a document of the index, and reads the part that a hit shows back.</summary>
internal static class ElasticDocument
{
    public static void Write(Utf8JsonWriter json, LedgerRecord record, SearchDocument document)
    {
        json.WriteStartObject();
        WriteHit(json, Hit.Of(record, document));
        json.Object(ElasticMapping.Facet, () =>
        {
            foreach (var field in Tally.Fields)
            {
                WriteIf(json, field.Name, FacetOf(field == FieldCatalog.Type ? document.Type : document.First(field)));
            }
        });
        json.WriteNumber(ElasticMapping.Timestamp, document.Micros / 1000);
        WriteKeywords(json, document.Keywords);
        foreach (var (field, value) in document.Numbers)
        {
            json.WriteNumber(field.Name, value);
        }

        if (document.Terms.Length > 0)
        {
            json.WriteString(FieldCatalog.Text.Name, document.Terms);
        }

        json.WriteEndObject();
    }

    /// <param name="id">Id of the document.</param>
    /// <param name="source">Its <c>_source</c>.</param>
    public static Hit Read(string id, JsonElement source)
    {
        var hit = source.GetProperty(ElasticMapping.Hit);
        return new()
        {
            Event = id,
            Type = Text("type") ?? "",
            Time = DateTimeOffset.UnixEpoch.AddMicroseconds(Number("time") ?? 0),
            Call = Text("call"),
            Server = Text("server"),
            Method = Text("method"),
            Name = Text("name"),
            Principal = Text("principal"),
            Session = Text("session"),
            Verdict = Text("verdict"),
            Outcome = Text("outcome"),
            Status = Number("status"),
            Code = Number("code"),
            DurationMicros = Number("duration"),
            Size = Number("size"),
            Partition = Text("partition") ?? "",
            Offset = Number("offset") ?? 0,
        };

        string? Text(string name) => hit.TryGetProperty(name, out var value) ? value.GetString() : null;

        long? Number(string name) => hit.TryGetProperty(name, out var value) ? value.GetInt64() : null;
    }

    private static void WriteHit(Utf8JsonWriter json, Hit hit)
    {
        json.WriteStartObject(ElasticMapping.Hit);
        json.WriteString("type", hit.Type);
        json.WriteNumber("time", QueryValues.Micros(hit.Time));
        WriteIf(json, "call", hit.Call);
        WriteIf(json, "server", hit.Server);
        WriteIf(json, "method", hit.Method);
        WriteIf(json, "name", hit.Name);
        WriteIf(json, "principal", hit.Principal);
        WriteIf(json, "session", hit.Session);
        WriteIf(json, "verdict", hit.Verdict);
        WriteIf(json, "outcome", hit.Outcome);
        WriteIf(json, "status", hit.Status);
        WriteIf(json, "code", hit.Code);
        WriteIf(json, "duration", hit.DurationMicros);
        WriteIf(json, "size", hit.Size);
        json.WriteString("partition", hit.Partition);
        json.WriteNumber("offset", hit.Offset);
        json.WriteEndObject();
    }

    // A field's values need not stand together; its name is written once.
    private static void WriteKeywords(Utf8JsonWriter json, ImmutableArray<FieldKeyword> keywords)
    {
        for (var i = 0; i < keywords.Length; i++)
        {
            var field = keywords[i].Field;
            if (Names(keywords, 0, i, field))
            {
                continue;
            }

            if (!Names(keywords, i + 1, keywords.Length, field))
            {
                json.WriteString(field.Name, keywords[i].Value);
                continue;
            }

            json.WriteStartArray(field.Name);
            for (var j = i; j < keywords.Length; j++)
            {
                if (keywords[j].Field == field)
                {
                    json.WriteStringValue(keywords[j].Value);
                }
            }

            json.WriteEndArray();
        }
    }

    private static bool Names(ImmutableArray<FieldKeyword> keywords, int from, int to, SearchField field)
    {
        for (var i = from; i < to; i++)
        {
            if (keywords[i].Field == field)
            {
                return true;
            }
        }

        return false;
    }

    private static string? FacetOf(string? value) => value is { Length: > ElasticMapping.LongestFacet } ? SearchDocument.Keyword(value) : value;

    private static void WriteIf(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteIf(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}
