using System.Buffers;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Homes;
using McpLedger.Streaming;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Makes bulk items of records. Not thread safe: one for each partition.</summary>
internal sealed class ElasticDocuments(ElasticNames names, ElasticOptions options, IBlobStore blobs, TimeProvider time)
{
    /// <summary>The first moment that no index takes: 2100, microseconds since 1970 UTC.</summary>
    public const long Latest = 4_102_444_800_000_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ClaimChecks _claims = new(blobs, options.ClaimCheckPatience, time);
    private readonly TermList _terms = SearchDocuments.NewTerms();
    private readonly ArrayBufferWriter<byte> _bytes = new(256 * 1024);

    /// <summary>Items of the records, and what is wrong with those that are none.</summary>
    /// <param name="generation">Where they go.</param>
    /// <param name="records">The records.</param>
    /// <param name="outcome">Gets the records that are no events.</param>
    /// <param name="cancellationToken">Ends the reading of blobs.</param>
    /// <returns>The items, valid until the next call, and the time of the newest event, microseconds since 1970 UTC.</returns>
    /// <exception cref="LateClaimCheckException">A claim check may still come.</exception>
    public async ValueTask<(List<BulkItem> Items, long Micros)> MakeAsync(
        ElasticGeneration generation, IReadOnlyList<LedgerRecord> records, Dictionary<long, string> outcome, CancellationToken cancellationToken)
    {
        _bytes.ResetWrittenCount();
        await using var json = new Utf8JsonWriter(_bytes, ElasticJson.Options);
        var ranges = new List<(long Offset, int From, int To)>(records.Count);
        var newest = 0L;
        foreach (var record in records)
        {
            if (!EventReader.TryRead(record.Bytes.Span, out var read, out var fault))
            {
                outcome[record.Offset] = $"The record is no event: {fault}";
                continue;
            }

            // All that keeps an event out of the indices comes before its claim checks: nobody waits for what is not indexed.
            var micros = QueryValues.Micros(read!.Header.Time);
            if (micros is < 0 or >= Latest)
            {
                outcome[record.Offset] = "The event's time is not between 1970 and 2100.";
                continue;
            }

            newest = Math.Max(newest, micros);
            if (options.Keep is { } keep && ElasticNames.EndOf(generation.Span, micros) <= time.GetUtcNow() - keep)
            {
                // Its index was deleted, or would be at once.
                continue;
            }

            var document = SearchDocuments.Of(read, await _claims.FetchAsync(read, cancellationToken).ConfigureAwait(false), _terms);
            var from = _bytes.WrittenCount;
            Write(json, names.IndexOf(generation, document.Micros), record, document);
            ranges.Add((record.Offset, from, _bytes.WrittenCount));
        }

        return ([.. ranges.Select(r => new BulkItem(r.Offset, _bytes.WrittenMemory[r.From..r.To]))], newest);
    }

    /// <summary>The same, once the claim checks are there that may still come.</summary>
    public async ValueTask<(List<BulkItem> Items, long Micros)> MakePatientlyAsync(
        ElasticGeneration generation, IReadOnlyList<LedgerRecord> records, Dictionary<long, string> outcome, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await MakeAsync(generation, records, outcome, cancellationToken).ConfigureAwait(false);
            }
            catch (LateClaimCheckException)
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Write(Utf8JsonWriter json, string index, LedgerRecord record, SearchDocument document)
    {
        json.Reset(_bytes);
        json.WriteStartObject();
        json.WriteStartObject("create");
        json.WriteString("_index", index);
        json.WriteString("_id", document.Id.ToString());
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        _bytes.Write("\n"u8);
        json.Reset(_bytes);
        ElasticDocument.Write(json, record, document);
        json.Flush();
        _bytes.Write("\n"u8);
    }
}
