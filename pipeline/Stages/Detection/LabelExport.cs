using System.Globalization;
using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Detectors.Injection;
using McpLedger.Streaming;

namespace McpLedger.Stages.Detection;

/// <summary>Judged findings as rows to train with: the text that was scored, and what an analyst made of it.</summary>
public static class LabelExport
{
    private const string Source = "ledger";
    private const string Arguments = "arguments";
    private const string Result = "result";
    private const string Message = "message";

    /// <summary>
    /// Writes a JSON line <c>{source, label, channel, family, text}</c> for every finding of instructions that was confirmed (1) or rejected (0) and whose text is still kept: what was sent or returned, inside a call and outside,
    /// and definitions of tools. What else is found in definitions (names, code, secrets, what a tool can do) is no label.
    /// </summary>
    /// <returns>Rows written, and judged findings whose text is not kept.</returns>
    public static async Task<LabelCount> RunAsync(ILedgerReader reader, IBlobStore blobs, Stream output, CancellationToken cancellationToken)
    {
        var (judged, confirmed) = await JudgedAsync(reader, cancellationToken).ConfigureAwait(false);
        var wanted = judged.ToLookup(SourceOf);
        var written = new HashSet<EventId>();
        foreach (var partition in reader.Partitions.Where(partition => judged.Exists(finding => IsDefinition(finding) == (partition == LedgerPartition.Control))))
        {
            await foreach (var read in LogScan.ReadAsync(reader, partition, cancellationToken).ConfigureAwait(false))
            {
                foreach (var (finding, text) in await TextsAsync(read.Data, wanted, blobs, cancellationToken).ConfigureAwait(false))
                {
                    // The same text may have come again.
                    if (written.Add(finding.Finding))
                    {
                        await WriteAsync(output, finding, confirmed.Contains(finding.Finding), text, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }

        return new(written.Count, judged.Count - written.Count);
    }

    private static async Task<(List<FindingRaised> Judged, HashSet<EventId> Confirmed)> JudgedAsync(ILedgerReader reader, CancellationToken cancellationToken)
    {
        var raised = new Dictionary<EventId, FindingRaised>();
        var verdicts = new Dictionary<EventId, string>();
        await foreach (var read in LogScan.ReadAsync(reader, LedgerPartition.Control, cancellationToken).ConfigureAwait(false))
        {
            switch (read.Data)
            {
                case FindingRaised e when e.Detector == FindingDetectors.Injection || IsDefinition(e):
                    raised.TryAdd(e.Finding, e);
                    break;
                case FindingReviewed e:
                    verdicts[e.Finding] = e.Verdict;
                    break;
                default:
                    break;
            }
        }

        return (
            [.. raised.Values.Where(finding => verdicts.ContainsKey(finding.Finding))],
            [.. verdicts.Where(verdict => verdict.Value == FindingReviewed.Confirmed).Select(verdict => verdict.Key)]);
    }

    // What the model says of a definition, or a mark that is weighed with it. Other rules tell of names, code, secrets, or of what a tool can do, and that is no instruction.
    private static bool IsDefinition(FindingRaised finding) =>
        finding is { Detector: FindingDetectors.Definition, Rule: { } rule } && (rule == FindingDetectors.Injection || InjectionScore.KnownMarks.Contains(rule, StringComparer.Ordinal));

    private static TextSource SourceOf(FindingRaised finding) =>
        IsDefinition(finding) ? new(null, null, finding.Server, finding.Tool)
        : finding.Call is { } call ? new(call, null, null, null)
        : new(null, finding.Session, null, null);

    private static async ValueTask<List<(FindingRaised Finding, string Text)>> TextsAsync(
        EventData data, ILookup<TextSource, FindingRaised> wanted, IBlobStore blobs, CancellationToken cancellationToken)
    {
        switch (data)
        {
            case ToolPinned e:
                return Definitions(wanted[new(null, null, e.Server, e.Tool)], e.Definition, e.Content);
            case ToolChanged e:
                return Definitions(wanted[new(null, null, e.Server, e.Tool)], e.Definition, e.Content);
            default:
                break;
        }

        var (source, content, channel) = data switch
        {
            CallIntended e => (new TextSource(e.Call, null, null, null), e.Request, Arguments),
            CallRefused e => (new TextSource(e.Call, null, null, null), e.Request, Arguments),
            CallCompleted e => (new TextSource(e.Call, null, null, null), e.Response, Result),
            MessageRelayed e => (new TextSource(e.Call, e.Call is null ? e.Where.Session.Id : null, null, null), e.Message, Message),
            _ => (default(TextSource), null, ""),
        };
        if (content is null || !wanted.Contains(source))
        {
            return [];
        }

        var bytes = await LogScan.ContentAsync(blobs, content, cancellationToken).ConfigureAwait(false);
        var part = channel switch { Arguments => MessagePart.OfRequest(bytes), Result => MessagePart.OfAnswer(bytes), _ => MessagePart.OfMessage(bytes) };
        return part.Json.IsEmpty ? [] : [.. wanted[source].Where(finding => IsIn(finding, channel, bytes, part)).Select(finding => (finding, TextOf(part.Json.Span)))];
    }

    // A call and a session have many messages, and one of them is meant: the one whose text was judged, be it all of it or the part that says something. The answer that a resumed stream brings is one of them.
    private static bool IsIn(FindingRaised finding, string channel, ReadOnlyMemory<byte> bytes, in MessagePart part) =>
        channel != Message ? finding.Channel == channel
        : finding.Channel is Message or Result && (finding.Text == Digest.Of(part.Json.Span) || finding.Text == Digest.Of(bytes.Span));

    private static List<(FindingRaised Finding, string Text)> Definitions(IEnumerable<FindingRaised> findings, Digest definition, RawJson content) =>
        [.. findings.Where(finding => finding.Text == definition).Select(finding => (finding, Encoding.UTF8.GetString(content.Utf8.Span)))];

    private static async Task WriteAsync(Stream output, FindingRaised finding, bool isConfirmed, string text, CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        await using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("source"u8, Source);
            json.WriteNumber("label"u8, isConfirmed ? 1 : 0);
            json.WriteString("channel"u8, IsDefinition(finding) ? "tool_def" : finding.Channel == Arguments ? "user" : "tool_response");
            json.WriteString("family"u8, finding.Finding.ToString());
            json.WriteString("text"u8, Encoding.UTF8.GetBytes(text));
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        await output.WriteAsync(line.GetBuffer().AsMemory(0, (int)line.Length), cancellationToken).ConfigureAwait(false);
    }

    // What a model reads of a message: its strings, one a line, or what is no JSON as it is. Half a surrogate pair stands in many an attack; written as UTF-8 it is U+FFFD.
    private static string TextOf(ReadOnlySpan<byte> json)
    {
        var text = new StringBuilder();
        try
        {
            var reader = new Utf8JsonReader(json, new() { MaxDepth = 272 });
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.String)
                {
                    Append(text, Encoding.UTF8.GetString(reader.ValueSpan));
                    text.Append('\n');
                }
            }
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(json);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, ReadOnlySpan<char> raw)
    {
        while (raw.IndexOf('\\') is >= 0 and var at)
        {
            var isUnit = raw[at + 1] == 'u';
            text.Append(raw[..at]).Append(raw[at + 1] switch
            {
                'u' => (char)ushort.Parse(raw.Slice(at + 2, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var itself => itself,
            });
            raw = raw[(at + (isUnit ? 6 : 2))..];
        }

        text.Append(raw);
    }

    // Where the text of a finding is to be looked for: in a call, in what a session's server said outside of any, or in a tool's definition.
    private readonly record struct TextSource(EventId? Call, string? Session, string? Server, string? Tool);
}

/// <summary>What an export wrote.</summary>
/// <param name="Written">Rows.</param>
/// <param name="Lost">Judged findings whose text is not kept any more.</param>
public sealed record LabelCount(int Written, int Lost);
