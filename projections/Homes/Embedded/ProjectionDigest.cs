using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Digests of read models, table by table, over rows in the order of their keys: two homes that folded the same log have the same (I6).</summary>
/// <param name="Tables">Digest of each table, by name.</param>
/// <param name="Whole">Digest over them all.</param>
public sealed record ProjectionDigest(ImmutableSortedDictionary<string, Digest> Tables, Digest Whole)
{
    // The row of an event follows from its time; what its number is among events of the same moment is no part of what is known.
    private const string Events =
        "SELECT id, partition, offset, type, call, server, method, name, principal, session, verdict, outcome, status, code, duration, size FROM event ORDER BY id";

    /// <summary>Names of the tables whose digests differ, or which only one has.</summary>
    public IReadOnlyList<string> DifferencesTo(ProjectionDigest other) =>
        [.. Tables.Keys.Union(other.Tables.Keys, StringComparer.Ordinal)
            .Where(k => !(Tables.TryGetValue(k, out var mine) && other.Tables.TryGetValue(k, out var theirs) && mine == theirs))
            .Order(StringComparer.Ordinal)];

    internal static ProjectionDigest Of(SqliteDatabase database, IEnumerable<string> views)
    {
        var tables = ImmutableSortedDictionary.CreateBuilder<string, Digest>(StringComparer.Ordinal);
        foreach (var view in views)
        {
            tables.Add(view, OfRows(database, $"SELECT key, doc FROM {view} ORDER BY key", 2));
        }

        tables.Add("event", OfRows(database, Events, 16));
        tables.Add("hourly", OfRows(database, Sums("hourly", "hour"), 10));
        tables.Add("daily", OfRows(database, Sums("daily", "day"), 10));
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var digest in tables.Values)
        {
            whole.AppendData(digest.ToArray());
        }

        return new(tables.ToImmutable(), Digest.FromBytes(whole.GetHashAndReset()));
    }

    // Lines are numbered as they come; what they say is what counts.
    private static string Sums(string table, string unit) =>
        $"SELECT s.{unit}, {Rollups.Columns}, s.n FROM {table} s JOIN line l ON l.id = s.line ORDER BY s.{unit}, {Rollups.Columns}";

    // Each value is its length and its bytes, so that no two rows of values run into each other.
    private static Digest OfRows(SqliteDatabase database, string sql, int columns)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var rows = database.Prepare(sql);
        Span<byte> length = stackalloc byte[4];
        while (rows.Step())
        {
            for (var i = 0; i < columns; i++)
            {
                var value = rows.Bytes(i);
                BinaryPrimitives.WriteInt32LittleEndian(length, value.Length);
                hash.AppendData(length);
                hash.AppendData(value);
            }
        }

        return Digest.FromBytes(hash.GetHashAndReset());
    }
}
