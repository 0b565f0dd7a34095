using System.Collections.Immutable;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>Digests of the views in PostgreSQL, over the JSON that every home writes.</summary>
internal static class MartenDigest
{
    public static async ValueTask<ProjectionDigest> OfAsync(MartenStores stores, Side side, CancellationToken cancellationToken)
    {
        var tables = ImmutableSortedDictionary.CreateBuilder<string, Digest>(StringComparer.Ordinal);
        foreach (var fold in ViewFold.All)
        {
            using var hash = new RowHash();
            await using var command = stores.Source.CreateCommand($"""SELECT data FROM {stores.TableOf(side, fold.Name)} ORDER BY id COLLATE "C" """);
            command.CommandTimeout = 0;
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                fold.Hash(hash, await rows.GetFieldValueAsync<byte[]>(0, cancellationToken));
            }

            tables.Add(fold.Name, hash.End());
        }

        return ProjectionDigest.Of(tables.ToImmutable());
    }
}
