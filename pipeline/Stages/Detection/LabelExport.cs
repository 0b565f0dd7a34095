using System.Globalization;
using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;

namespace McpLedger.Stages.Detection;

/// <summary>Judged findings as rows to train with: the text that was scored, and what an analyst made of it.</summary>
public static class LabelExport
{
    private const string Source = "ledger";

    /// <summary>Writes a JSON line <c>{source, label, channel, family, text}</c> for every injection finding that was confirmed (1) or rejected (0) and whose text is still kept.</summary>
    /// <returns>Rows written, and judged findings whose text is not kept.</returns>
    public static async Task<LabelCount> RunAsync(ILedgerReader reader, IBlobStore blobs, Stream output, CancellationToken cancellationToken)
    {
        var raised = new Dictionary<EventId, FindingRaised>();
        var verdicts = new Dictionary<EventId, string>();
        await foreach (var read in LogScan.ReadAsync(reader, LedgerPartition.Control, cancellationToken).ConfigureAwait(false))
        {
            switch (read.Data)
            {
                case FindingRaised { Detector: FindingDetectors.Injection, Call: not null } e:
                    raised.TryAdd(e.Finding, e);
                    break;
                case FindingReviewed e:
                    verdicts[e.Finding] = e.Verdict;
                    break;
                default:
                    break;
            }
        }

        var wanted = raised.Values.Where(finding => verdicts.ContainsKey(finding.Finding)).ToLookup(finding => finding.Call!.Value);
        var written = 0;
        foreach (var partition in reader.Partitions.Where(partition => wanted.Count > 0 && partition != LedgerPartition.Control))
        {
            await foreach (var read in LogScan.ReadAsync(reader, partition, cancellationToken).ConfigureAwait(false))
            {
                foreach (var (finding, part) in await PartsAsync(read.Data, wanted, blobs, cancellationToken).ConfigureAwait(false))
                {
                    await WriteAsync(output, finding, verdicts[finding.Finding] == FindingReviewed.Confirmed, part, cancellationToken).ConfigureAwait(false);
                    written++;
                }
            }
        }

        return new(written, wanted.Sum(call => call.Count()) - written);
    }

    private static async ValueTask<List<(FindingRaised Finding, MessagePart Part)>> PartsAsync(
        EventData data, ILookup<EventId, FindingRaised> wanted, IBlobStore blobs, CancellationToken cancellationToken)
    {
        var (call, content, channel) = data switch
        {
            CallIntended e => (e.Call, e.Request, "arguments"),
            CallRefused e => (e.Call, e.Request, "arguments"),
            CallCompleted e => (e.Call, e.Response, "result"),
            MessageRelayed { Call: { } of } e => (of, e.Message, "message"),
            _ => (default(EventId), null, ""),
        };
        List<(FindingRaised, MessagePart)> parts = [];
        foreach (var finding in content is null ? [] : wanted[call].Where(finding => finding.Channel == channel))
        {
            var bytes = await LogScan.ContentAsync(blobs, content, cancellationToken).ConfigureAwait(false);
            var part = channel switch { "result" => MessagePart.OfAnswer(bytes), "message" => MessagePart.OfMessage(bytes), _ => MessagePart.OfRequest(bytes) };

            // A call has many messages, and one of them is meant.
            if (!part.Json.IsEmpty && (channel != "message" || finding.Text == Digest.Of(part.Json.Span)))
            {
                parts.Add((finding, part));
            }
        }

        return parts;
    }

    private static async Task WriteAsync(Stream output, FindingRaised finding, bool isConfirmed, MessagePart part, CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        await using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("source"u8, Source);
            json.WriteNumber("label"u8, isConfirmed ? 1 : 0);
            json.WriteString("channel"u8, finding.Channel == "arguments" ? "user" : "tool_response");
            json.WriteString("family"u8, finding.Finding.ToString());
            json.WriteString("text"u8, Encoding.UTF8.GetBytes(TextOf(part.Json.Span)));
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
}

/// <summary>What an export wrote.</summary>
/// <param name="Written">Rows.</param>
/// <param name="Lost">Judged findings whose text is not kept any more.</param>
public sealed record LabelCount(int Written, int Lost);
