using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Access;

/// <summary>
/// The API keys in force: a fold of the control log (<c>key.created.v1</c>, <c>key.revoked.v1</c>), so that every replica agrees without a shared store.
/// Immutable: hold the reference, swap it whole.
/// </summary>
public sealed class ApiKeyRing
{
    private readonly ImmutableDictionary<string, KeyCreated> _keys;

    private ApiKeyRing(ImmutableDictionary<string, KeyCreated> keys) => _keys = keys;

    /// <summary>No key: authenticates nobody.</summary>
    public static ApiKeyRing Empty { get; } = new(ImmutableDictionary.Create<string, KeyCreated>(StringComparer.Ordinal));

    /// <summary>The keys in force, in no order.</summary>
    public IEnumerable<KeyCreated> Keys => _keys.Values;

    /// <summary>The ring after <paramref name="data"/>; the same ring when that is about something else.</summary>
    public ApiKeyRing Apply(EventData data) => data switch
    {
        KeyCreated created => new(_keys.SetItem(created.Key, created)),
        KeyRevoked revoked => new(_keys.Remove(revoked.Key)),
        _ => this,
    };

    /// <summary>Whether a key is in force.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="now">The clock, for expiry.</param>
    public bool Holds(string id, DateTimeOffset now) => _keys.TryGetValue(id, out var key) && !(key.Expires <= now);

    /// <summary>Finds the key that <paramref name="presented"/> is, comparing its secret in constant time.</summary>
    /// <param name="presented">What the caller sent: <c>mcpl_{id}_{secret}</c>.</param>
    /// <param name="now">The clock, for expiry.</param>
    /// <returns>Null when it is malformed, unknown, revoked or expired.</returns>
    public KeyCreated? Match(ReadOnlySpan<char> presented, DateTimeOffset now)
    {
        if (!ApiKey.TrySplit(presented, out var id, out var secret) || !_keys.TryGetValue(id, out var key))
        {
            return null;
        }

        Span<byte> expected = stackalloc byte[Digest.Size];
        Span<byte> actual = stackalloc byte[Digest.Size];
        key.Sha256.CopyTo(expected);
        Digest.Of(Encoding.UTF8.GetBytes(secret)).CopyTo(actual);
        return CryptographicOperations.FixedTimeEquals(expected, actual) && !(key.Expires <= now) ? key : null;
    }
}

/// <summary>The form of an API key: <c>mcpl_{12 hex digits}_{64 hex digits}</c>. The prefix lets secret scanners know it.</summary>
public static class ApiKey
{
    private const string Prefix = "mcpl_";
    private const int IdLength = 12;
    private const int SecretLength = 64;

    /// <summary>Makes a key from the system's random generator.</summary>
    /// <returns>Its public id, the digest to store, and the whole key, which is shown once.</returns>
    public static (string Id, Digest Sha256, string Presented) Create()
    {
        var id = RandomNumberGenerator.GetHexString(IdLength, lowercase: true);
        var secret = RandomNumberGenerator.GetHexString(SecretLength, lowercase: true);
        return (id, Digest.Of(Encoding.UTF8.GetBytes(secret)), $"{Prefix}{id}_{secret}");
    }

    internal static bool TrySplit(ReadOnlySpan<char> presented, out string id, out string secret)
    {
        var whole = presented.Length == Prefix.Length + IdLength + 1 + SecretLength
            && presented.StartsWith(Prefix, StringComparison.Ordinal) && presented[Prefix.Length + IdLength] == '_';
        id = whole ? presented.Slice(Prefix.Length, IdLength).ToString() : "";
        secret = whole ? presented[(Prefix.Length + IdLength + 1)..].ToString() : "";
        return whole;
    }
}
