using System.Text.Json;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Reads the answer to a bulk request: a line for every item, in order.</summary>
internal static class BulkAnswer
{
    /// <summary>Only what is read of an answer, so that it stays short.</summary>
    public const string Path = "_bulk?filter_path=errors,items.create.status,items.create.error";

    // Said with 400, and a matter of time or of an operator all the same: too many shards, a closed index, a node that leaves.
    private static readonly HashSet<string> Passing =
        ["validation_exception", "index_closed_exception", "cluster_block_exception", "unavailable_shards_exception", "circuit_breaking_exception", "es_rejected_execution_exception", "process_cluster_event_timeout_exception"];

    /// <summary>Sorts items by what the engine says of them.</summary>
    /// <returns>Those to be sent again, and why the first of them was not taken.</returns>
    /// <exception cref="ElasticException">It is no answer to this request.</exception>
    public static (List<BulkItem> Again, string? Why) Sort(ElasticAnswer answer, IReadOnlyList<BulkItem> items, BulkOutcome outcome)
    {
        using var document = answer.Read();
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("items", out var lines) || lines.ValueKind != JsonValueKind.Array || lines.GetArrayLength() != items.Count)
        {
            throw new ElasticException($"The search engine answered a bulk request of {items.Count} documents with something else.");
        }

        var again = new List<BulkItem>();
        string? why = null;
        var i = 0;
        foreach (var line in lines.EnumerateArray())
        {
            var item = items[i++];
            if (!line.TryGetProperty("create", out var said) || !said.TryGetProperty("status", out var status) || !status.TryGetInt32(out var code))
            {
                throw new ElasticException("The search engine's answer to a bulk request has an item without a status.");
            }

            said.TryGetProperty("error", out var error);
            switch (code)
            {
                case 200 or 201:
                    outcome.Made++;
                    break;
                case 409:
                    outcome.There++;
                    break;
                case 400 or 413 when !Passing.Contains(ElasticAnswer.KindOf(error)):
                    outcome.Refused[item.Offset] = ElasticAnswer.ReasonOf(error);
                    break;
                default:
                    // Whatever else it is, a document is never given up for it.
                    again.Add(item);
                    why ??= $"{code} {(error.ValueKind == JsonValueKind.Undefined ? "" : ElasticAnswer.ReasonOf(error))}";
                    break;
            }
        }

        return (again, why);
    }
}
