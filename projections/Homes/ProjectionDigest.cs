using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Projections.Homes;

/// <summary>Digests of read models, table by table, over rows in the order of their keys: two homes that folded the same log have the same for each view (I6).</summary>
/// <param name="Tables">Digest of each table, by name.</param>
/// <param name="Whole">Digest over them all.</param>
public sealed record ProjectionDigest(ImmutableSortedDictionary<string, Digest> Tables, Digest Whole)
{
    /// <summary>Names of the tables whose digests differ, or which only one has.</summary>
    public IReadOnlyList<string> DifferencesTo(ProjectionDigest other) =>
        [.. Tables.Keys.Union(other.Tables.Keys, StringComparer.Ordinal)
            .Where(k => !(Tables.TryGetValue(k, out var mine) && other.Tables.TryGetValue(k, out var theirs) && mine == theirs))
            .Order(StringComparer.Ordinal)];

    internal static ProjectionDigest Of(ImmutableSortedDictionary<string, Digest> tables)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var digest in tables.Values)
        {
            whole.AppendData(digest.ToArray());
        }

        return new(tables, Digest.FromBytes(whole.GetHashAndReset()));
    }
}

/// <summary>Hashes rows. Each value is its length and its bytes, so that no two rows of values run into each other.</summary>
internal sealed class RowHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Add(ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, value.Length);
        _hash.AppendData(length);
        _hash.AppendData(value);
    }

    public Digest End() => Digest.FromBytes(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
