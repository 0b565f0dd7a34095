using System.Text.Json.Nodes;

namespace McpLedger.Projections.Tests.Search.Elastic;

/// <summary>As much of a search engine as keeping a generation in force takes: documents of the state, templates, indices and the alias. It answers otherwise where a test decides so.</summary>
internal sealed class SmallEngine
{
    private readonly Dictionary<string, (JsonNode Source, int Seq)> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonNode> _templates = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _indices = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private int _seq;

    /// <summary>Whether a request is answered with 503 instead.</summary>
    public Func<StandIn.Asked, bool> IsAway { get; set; } = static _ => false;

    /// <summary>The indices that searches go to.</summary>
    public SortedSet<string> Aliased { get; } = new(StringComparer.Ordinal);

    public (int Status, string Body) Answer(StandIn.Asked asked)
    {
        lock (_gate)
        {
            return IsAway(asked) ? (503, """{"error":{"type":"unavailable_shards_exception","reason":"away"}}""") : Answer(asked.Method, asked.Path.Split('?')[0].Split('/')[1..], asked.Body);
        }
    }

    private (int Status, string Body) Answer(string method, string[] path, string body) => (method, path) switch
    {
        ("PUT", [_]) => (200, "{}"),
        ("GET", [_, "_doc", var id]) => _documents.TryGetValue(id, out var found)
            ? (200, new JsonObject { ["_source"] = found.Source.DeepClone(), ["_seq_no"] = found.Seq, ["_primary_term"] = 1 }.ToJsonString())
            : (404, "{}"),
        ("PUT", [_, "_doc" or "_create", var id]) => Kept(id, body),
        ("PUT", ["_index_template", var name]) => Templated(name, body),
        ("DELETE", ["_index_template", var name]) => (_templates.Remove(name) ? 200 : 404, "{}"),
        ("GET", ["_cat", "indices", _]) => (200, new JsonArray([.. _indices.Select(i => new JsonObject { ["index"] = i })]).ToJsonString()),
        ("GET", ["_alias", _]) => Aliased.Count == 0 ? (404, "{}") : (200, new JsonObject([.. Aliased.Select(i => KeyValuePair.Create(i, (JsonNode?)new JsonObject()))]).ToJsonString()),
        ("POST", ["_aliases"]) => Switched(body),
        ("POST", ["_bulk"]) => Indexed(body),
        ("DELETE", [var names]) => Deleted(names.Split(',')),
        _ => (200, "{}"),
    };

    private (int Status, string Body) Kept(string id, string body)
    {
        _documents[id] = (JsonNode.Parse(body)!, _seq++);
        return (200, "{}");
    }

    private (int Status, string Body) Templated(string name, string body)
    {
        _templates[name] = JsonNode.Parse(body)!;
        return (200, "{}");
    }

    private (int Status, string Body) Switched(string body)
    {
        foreach (var action in JsonNode.Parse(body)!["actions"]!.AsArray().Select(a => a!.AsObject().Single()))
        {
            var index = (string)action.Value!["index"]!;
            _ = action.Key == "add" ? Aliased.Add(index) : Aliased.Remove(index);
        }

        return (200, "{}");
    }

    private (int Status, string Body) Indexed(string body)
    {
        var lines = body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length; i += 2)
        {
            var index = (string)JsonNode.Parse(lines[i])!["create"]!["_index"]!;
            if (_indices.Add(index) && _templates.Any(t => index.StartsWith(t.Key + "-", StringComparison.Ordinal) && t.Value["template"]!["aliases"] is not null))
            {
                Aliased.Add(index);
            }
        }

        return (200, $$"""{"errors":false,"items":[{{string.Join(',', Enumerable.Repeat("""{"create":{"status":201}}""", lines.Length / 2))}}]}""");
    }

    private (int Status, string Body) Deleted(string[] names)
    {
        foreach (var name in names)
        {
            _indices.Remove(name);
            Aliased.Remove(name);
        }

        return (200, "{}");
    }
}
