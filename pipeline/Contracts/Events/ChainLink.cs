using System.Buffers;
using System.Globalization;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>A record's place in its writer's chain: per (writer instance, boot epoch, partition).</summary>
/// <param name="Chain">Id of the chain: <c>{instance}/{boot epoch}/{partition}</c>.</param>
/// <param name="Seq">Dense, from 0.</param>
/// <param name="Prev">SHA-256 of the chain's previous record; for seq 0, of the last durable record of the same instance's previous epoch, or zeros.</param>
public readonly record struct ChainLink(string Chain, long Seq, Digest Prev)
{
    private static readonly SearchValues<char> Characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./");

    /// <summary>The instance that a chain is of: all of its id where that is none of this form.</summary>
    public static string InstanceOf(string chain) => chain.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? chain[..slash] : chain;

    /// <summary>The boot that a chain is of; -1 where its id names none.</summary>
    public static long EpochOf(string chain)
    {
        var rest = chain.AsSpan(Math.Min(chain.Length, InstanceOf(chain).Length + 1));
        return long.TryParse(rest.IndexOf('/') is >= 0 and var slash ? rest[..slash] : rest, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : -1;
    }

    /// <summary>Whether an id is of letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>/</c>, as that of every chain that is written.</summary>
    internal static bool IsChain(ReadOnlySpan<char> id) => !id.ContainsAnyExcept(Characters);
}
