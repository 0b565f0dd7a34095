using System.Text.Json;
using System.Text.Json.Serialization;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;
using Marten;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>A fold and the documents its views are.</summary>
internal abstract class ViewFold
{
    /// <summary>What one session touches: kept in the batch's own transaction.</summary>
    public static IReadOnlyList<ViewFold> OfOneSession { get; } =
    [
        new ViewFold<CallView, CallDocument>(CallFold.Fold, v => v.Call),
        new ViewFold<LateAnswers, LateAnswerDocument>(LateAnswerFold.Fold, v => LateAnswerFold.KeyOf(v.Session, v.RequestId)!),
        new ViewFold<SessionView, SessionDocument>(SessionFold.Fold, v => v.Session),
    ];

    /// <summary>What many sessions touch, on many partitions at a time: kept by the one daemon that leads.</summary>
    public static IReadOnlyList<ViewFold> AcrossSessions { get; } =
    [
        new ViewFold<PrincipalView, PrincipalDocument>(PrincipalFold.Fold, v => v.Principal),
        new ViewFold<ToolView, ToolDocument>(ToolFold.Fold, v => ToolFold.KeyOf(v.Server, v.Tool)),
        new ViewFold<ToolView, DefinitionDocument>(ToolFold.Definitions, v => ToolFold.KeyOf(v.Server, v.Tool)),
        new ViewFold<KeyView, KeyDocument>(KeyFold.Fold, v => v.Key),
        new ViewFold<FindingView, FindingDocument>(FindingFold.Fold, v => v.Finding),
        new ViewFold<PartitionView, PartitionDocument>(PartitionFold.Fold, v => v.Partition),
        new ViewFold<WriterView, WriterDocument>(WriterFold.Fold, v => v.Chain),
    ];

    public static IEnumerable<ViewFold> All => OfOneSession.Concat(AcrossSessions);

    /// <summary>Name of the views.</summary>
    public abstract string Name { get; }

    /// <summary>Writes the documents as JSON and reads them.</summary>
    public abstract JsonConverter Converter { get; }

    /// <summary>Moves the views that the events touch on.</summary>
    public abstract Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<LedgerEvent> events, CancellationToken cancellationToken);

    /// <summary>Adds key and JSON of a view as every home writes them; of one that cannot be read what is there, which is what no fold makes.</summary>
    public abstract void Hash(RowHash hash, ReadOnlySpan<byte> jsonb);
}

/// <summary>The fold of <typeparamref name="TView"/>.</summary>
internal sealed class ViewFold<TView, TDocument>(Fold<TView> fold, Func<TView, string> keyOf) : ViewFold
    where TView : class
    where TDocument : ViewDocument<TView>, new()
{
    public override string Name => fold.Name;

    public override JsonConverter Converter { get; } = new DocumentConverter(fold, keyOf);

    public override async Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<LedgerEvent> events, CancellationToken cancellationToken)
    {
        var touched = events.SelectMany(e => fold.Keys(e), (e, key) => (Event: e, Key: key)).ToArray();
        if (touched.Length == 0)
        {
            return;
        }

        var ids = touched.Select(t => t.Key).Distinct(StringComparer.Ordinal).ToDictionary(key => key, StorableText.Key, StringComparer.Ordinal);
        var before = (await operations.LoadManyAsync<TDocument>(cancellationToken, [.. ids.Values])).ToDictionary(d => d.Id, d => d.View, StringComparer.Ordinal);
        var after = new Dictionary<string, TView>(StringComparer.Ordinal);
        foreach (var (read, key) in touched)
        {
            var view = after.GetValueOrDefault(key) ?? before.GetValueOrDefault(ids[key]);
            if (fold.Evolve(view, key, read) is { } evolved && !ReferenceEquals(view, evolved))
            {
                after[key] = evolved;
            }
        }

        operations.Store(after.Select(v => new TDocument { Id = ids[v.Key], View = v.Value }).ToArray());
    }

    public override void Hash(RowHash hash, ReadOnlySpan<byte> jsonb)
    {
        try
        {
            var view = ViewRow.Read(jsonb, fold);
            hash.Add(System.Text.Encoding.UTF8.GetBytes(keyOf(view)));
            hash.Add(JsonSerializer.SerializeToUtf8Bytes(view, fold.Shape));
        }
        catch (DamagedViewsException)
        {
            hash.Add(jsonb);
        }
    }

    private sealed class DocumentConverter(Fold<TView> fold, Func<TView, string> keyOf) : JsonConverter<TDocument>
    {
        public override TDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var json = JsonDocument.ParseValue(ref reader);
            var view = ViewRow.Read(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(json.RootElement), fold);
            return new() { Id = StorableText.Key(keyOf(view)), View = view };
        }

        public override void Write(Utf8JsonWriter writer, TDocument value, JsonSerializerOptions options) =>
            writer.WriteRawValue(StorableText.ToJsonb(JsonSerializer.SerializeToUtf8Bytes(value.View, fold.Shape)), skipInputValidation: true);
    }
}

/// <summary>A view as it lies in a row.</summary>
internal static class ViewRow
{
    /// <exception cref="DamagedViewsException">It is none.</exception>
    public static TView Read<TView>(ReadOnlySpan<byte> jsonb, Fold<TView> fold)
        where TView : class
    {
        try
        {
            return JsonSerializer.Deserialize(StorableText.FromJsonb(jsonb), fold.Shape) ?? throw new DamagedViewsException(fold.Name, inner: null);
        }
        catch (JsonException e)
        {
            throw new DamagedViewsException(fold.Name, e);
        }
    }
}
