using System.Security.Cryptography;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Reads every id of the index in force, in their order.</summary>
internal sealed class ElasticDigest(ElasticClient client, ElasticNames names)
{
    private const int AtOnce = 10_000;

    public async ValueTask<(long Events, string Sha256)> RunAsync(CancellationToken cancellationToken)
    {
        await client.PostAsync($"{names.Alias}/_refresh?ignore_unavailable=true", default, cancellationToken).ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var events = 0L;
        string? last = null;
        while (true)
        {
            var after = last;
            var body = ElasticJson.Object(json =>
            {
                json.WriteNumber("size", AtOnce);
                json.WriteBoolean("_source", false);
                json.WriteBoolean("track_total_hits", false);
                json.Array("sort", () => json.WriteStringValue(FieldCatalog.Id.Name));
                if (after is not null)
                {
                    json.Array("search_after", () => json.WriteStringValue(after));
                }
            });
            var answer = await client.PostAsync($"{names.Alias}/_search?{ElasticIndex.Whole}&filter_path=hits.hits._id", body, cancellationToken).ConfigureAwait(false);
            if (!answer.Succeeded)
            {
                throw new ElasticException($"The search engine does not list its documents: {answer.Reason()}");
            }

            using var document = answer.Read();
            if (!document.RootElement.TryGetProperty("hits", out var found) || !found.TryGetProperty("hits", out var hits))
            {
                return (events, Convert.ToHexStringLower(hash.GetHashAndReset()));
            }

            foreach (var hit in hits.EnumerateArray())
            {
                last = hit.GetProperty("_id").GetString()!;
                hash.AppendData(Guid.ParseExact(last, "D").ToByteArray(bigEndian: true));
                events++;
            }
        }
    }
}
