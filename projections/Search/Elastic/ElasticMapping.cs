using System.Text.Json;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>How events lie in an index: what <see cref="FieldCatalog"/> names is indexed under its name, what a hit shows lies beside it and is not indexed.</summary>
internal static class ElasticMapping
{
    /// <summary>Counts the versions of the mapping and of what documents say; an index of another one answers what it can until it is built anew.</summary>
    public const int Version = 3;

    /// <summary>What a hit shows.</summary>
    public const string Hit = "hit";

    /// <summary>First values as they were written, for facets.</summary>
    public const string Facet = "facet";

    /// <summary>The event's time for histograms and for other tools: to the millisecond.</summary>
    public const string Timestamp = "@timestamp";

    /// <summary>Longest value of a facet. An engine's term has 32,766 bytes.</summary>
    public const int LongestFacet = 8_191;

    /// <summary>A template for the indices of a generation.</summary>
    public static ReadOnlyMemory<byte> Template(ElasticNames names, int generation, bool inForce, ElasticOptions options) => ElasticJson.Object(json =>
    {
        json.Array("index_patterns", () => json.WriteStringValue(names.PatternOf(generation)));
        json.WriteNumber("priority", 500);
        json.Object("template", () =>
        {
            WriteSettings(json, options);
            WriteMappings(json);
            if (inForce)
            {
                json.Object("aliases", () => json.Object(names.Alias, () => { }));
            }
        });
    });

    /// <summary>The index of generation and positions: a handful of documents that nobody searches.</summary>
    public static ReadOnlyMemory<byte> State(ElasticOptions options) => ElasticJson.Object(json =>
    {
        json.Object("settings", () =>
        {
            json.WriteNumber("index.number_of_shards", 1);
            json.WriteNumber("index.number_of_replicas", options.Replicas);
        });
        json.Object("mappings", () => json.WriteBoolean("dynamic", false));
    });

    private static void WriteSettings(Utf8JsonWriter json, ElasticOptions options) => json.Object("settings", () =>
    {
        json.WriteNumber("index.number_of_shards", options.Shards);
        json.WriteNumber("index.number_of_replicas", options.Replicas);

        // Said outright, because an index that is not searched for 30 s stops refreshing otherwise.
        json.WriteString("index.refresh_interval", "500ms");

        // In the order in which pages are read: the newest page ends at its last hit instead of looking at every match.
        json.Array("index.sort.field", () => Strings(json, FieldCatalog.Time.Name, FieldCatalog.Id.Name));
        json.Array("index.sort.order", () => Strings(json, "desc", "desc"));
    });

    private static void WriteMappings(Utf8JsonWriter json) => json.Object("mappings", () =>
    {
        json.WriteBoolean("dynamic", false);
        json.Object("_meta", () => json.WriteNumber("mcpledger_mapping", Version));
        json.Object("_source", () => json.Array("includes", () => json.WriteStringValue(Hit)));
        json.Object("properties", () =>
        {
            foreach (var field in FieldCatalog.Fields)
            {
                json.Object(field.Name, () => WriteField(json, field));
            }

            json.Object(Timestamp, () => json.WriteString("type", "date"));
            json.Object(Hit, () =>
            {
                json.WriteString("type", "object");
                json.WriteBoolean("enabled", false);
            });
            json.Object(Facet, () => json.Object("properties", () =>
            {
                foreach (var field in Tally.Fields)
                {
                    json.Object(field.Name, () =>
                    {
                        json.WriteString("type", "keyword");
                        json.WriteBoolean("index", false);
                    });
                }
            }));
        });
    });

    private static void WriteField(Utf8JsonWriter json, SearchField field)
    {
        switch (field.Kind)
        {
            case FieldKind.Text:
                // Our terms, as they are. Nothing is ranked, so no lengths are kept.
                json.WriteString("type", "text");
                json.WriteString("analyzer", "whitespace");
                json.WriteBoolean("norms", false);
                break;
            case FieldKind.Keyword:
                json.WriteString("type", "keyword");
                json.WriteBoolean("doc_values", field == FieldCatalog.Id);
                break;
            default:
                json.WriteString("type", "long");
                break;
        }
    }

    private static void Strings(Utf8JsonWriter json, params ReadOnlySpan<string> values)
    {
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }
    }
}
