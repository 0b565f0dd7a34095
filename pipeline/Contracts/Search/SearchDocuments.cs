using System.Buffers;
using System.Buffers.Text;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Search;

/// <summary>Makes the search document of an event.</summary>
public static class SearchDocuments
{
    /// <summary>Most terms of one document; a document that had more says <c>unread: long</c>, as does one of whose content only the beginning was at hand.</summary>
    public const int MostTerms = 8_192;

    /// <summary>Most characters of one document's terms.</summary>
    public const int MostCharacters = 64 * 1024;

    /// <summary>A term list of the size that documents are made with; reused from document to document.</summary>
    public static TermList NewTerms() => new(MostTerms, MostCharacters);

    /// <summary>Digests of the claim checks that the document is made of.</summary>
    public static IEnumerable<Digest> BlobsOf(EventData data) => ContentsOf(data).Where(c => c.Blob is not null).Select(c => c.Sha256);

    /// <summary>Makes the document.</summary>
    /// <param name="read">The event.</param>
    /// <param name="blobs">Contents of claim checks, by digest, as far as they are at hand, or their beginnings; one that is not makes the document say <c>unread: missing</c>.</param>
    /// <param name="terms">Working space; its terms are forgotten first.</param>
    public static SearchDocument Of(LedgerEvent read, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> blobs, TermList terms)
    {
        terms.Clear();
        var fields = new DocumentFields();
        fields.Add(read.Header);
        fields.Add(FieldCatalog.Class, ClassOf(read.Data));
        AddFields(read.Data, fields);
        var isWhole = AddText(read.Data, blobs, fields, terms);
        if (!isWhole || terms.Cut)
        {
            fields.Add(FieldCatalog.Unread, "long");
        }

        return fields.Build(read.Header, terms);
    }

    /// <summary>The CLR-free name of an outcome, as events write it.</summary>
    public static string NameOf(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Ok => "ok",
        CallOutcome.ToolError => "tool-error",
        CallOutcome.ProtocolError => "protocol-error",
        CallOutcome.UpstreamFailed => "upstream-failed",
        CallOutcome.Cancelled => "cancelled",
        CallOutcome.ClientGone => "client-gone",
        _ => "unresolved",
    };

    /// <summary>The CLR-free name of a severity, as events write it.</summary>
    public static string NameOf(Severity severity) => severity switch
    {
        Severity.Low => "low",
        Severity.Medium => "medium",
        Severity.High => "high",
        _ => "critical",
    };

    private static string ClassOf(EventData data) => data switch
    {
        CallIntended or CallRefused or CallCompleted or MessageRelayed => "traffic",
        WriterStarted or WriterStopped or Heartbeat or CheckpointSigned => "housekeeping",
        _ => "control",
    };

    private static IEnumerable<Content> ContentsOf(EventData data)
    {
        Content?[] contents = data switch
        {
            CallIntended e => [e.Request],
            CallRefused e => [e.Request],
            CallCompleted e => [e.Response, e.Released],
            MessageRelayed e => [e.Message],
            _ => [],
        };
        return contents.OfType<Content>();
    }

    private static void AddFields(EventData data, DocumentFields fields)
    {
        switch (data)
        {
            case CallIntended e:
                AddCall(e.Call, e.Who, e.What, e.Where, fields);
                fields.Add(e.Decision);
                fields.Add(FieldCatalog.Size, e.Request.Size);
                break;
            case CallRefused e:
                AddCall(e.Call, e.Who, e.What, e.Where, fields);
                fields.Add(e.Decision);
                fields.Add(FieldCatalog.Size, e.Request.Size);
                fields.Add(FieldCatalog.Status, e.Status);
                fields.Add(FieldCatalog.Code, e.Code);
                break;
            case CallCompleted e:
                AddCall(e.Call, e.Who, e.What, e.Where, fields);
                fields.Add(FieldCatalog.Verdict, "forwarded");
                fields.Add(FieldCatalog.Outcome, NameOf(e.Outcome));
                fields.Add(FieldCatalog.Status, e.Status);
                fields.Add(FieldCatalog.Code, e.Code);
                fields.Add(FieldCatalog.Duration, e.DurationMicros);
                fields.Add(FieldCatalog.Size, e.Stream?.Bytes ?? e.Response?.Size);
                fields.Add(FieldCatalog.Hash, e.Stream?.Sha256);
                break;
            case MessageRelayed e:
                AddCall(e.Call, e.Who, e.What, e.Where, fields);
                fields.Add(FieldCatalog.Verdict, e.Dropped is null ? "forwarded" : "refused");
                fields.Add(FieldCatalog.Direction, e.Direction == Direction.ToClient ? "to-client" : "to-server");
                fields.Add(FieldCatalog.Size, e.Message.Size);
                fields.Add(FieldCatalog.Outcome, e.Outcome is { } outcome ? NameOf(outcome) : null);
                break;
            default:
                ControlFields.Add(data, fields);
                break;
        }
    }

    private static void AddCall(EventId? call, Caller who, CallTarget what, Place where, DocumentFields fields)
    {
        fields.Add(FieldCatalog.Call, call?.ToString());
        fields.Add(who);
        fields.Add(what);
        fields.Add(where);
    }

    /// <returns>False when of some content only the beginning was at hand.</returns>
    private static bool AddText(EventData data, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> blobs, DocumentFields fields, TermList terms)
    {
        // What was decided and what went wrong comes first: it is short and must not fall to the bound.
        SearchTerms.Append(ReasonOf(data), terms);
        var isWhole = true;
        foreach (var content in ContentsOf(data))
        {
            fields.Add(FieldCatalog.Hash, content.Sha256);
            if (content.Json is { } json)
            {
                JsonTerms.Append(json.Utf8.Span, terms);
            }
            else if (content.Blob is null)
            {
                fields.Add(FieldCatalog.Unread, "encoded");
                AppendEncoded(content.Base64 ?? "", terms);
            }
            else if (blobs.TryGetValue(content.Sha256, out var bytes))
            {
                var isWholeHere = bytes.Length >= content.Size;
                isWhole &= isWholeHere;
                if (!JsonTerms.TryAppend(bytes.Span, isWholeHere, terms, out var read))
                {
                    fields.Add(FieldCatalog.Unread, "encoded");
                    AppendUtf8(bytes.Span[read..], terms);
                }
            }
            else
            {
                fields.Add(FieldCatalog.Unread, "missing");
            }
        }

        ControlFields.AppendText(data, terms);
        return isWhole;
    }

    private static string? ReasonOf(EventData data) => data switch
    {
        CallIntended e => e.Decision.Reason,
        CallRefused e => e.Decision.Reason,
        CallCompleted e => e.Reason,
        MessageRelayed e => e.Dropped,
        _ => null,
    };

    // Bytes that are no JSON are searched as the UTF-8 text that they often are: the body of a malformed request, an upstream's error page.
    private static void AppendEncoded(string base64, TermList terms)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        if (Convert.TryFromBase64String(base64, bytes, out var length))
        {
            AppendUtf8(bytes.AsSpan(0, length), terms);
        }
    }

    private static void AppendUtf8(ReadOnlySpan<byte> bytes, TermList terms)
    {
        var characters = ArrayPool<char>.Shared.Rent(bytes.Length);
        try
        {
            SearchTerms.Append(characters.AsSpan(0, Encoding.UTF8.GetChars(bytes, characters)), terms);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }
}
