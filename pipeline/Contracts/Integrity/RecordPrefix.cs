using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>
/// Reads a record's place in its chain from its first bytes, which <see cref="ChainWriter"/> always writes in one way. A record that begins
/// otherwise is left to <see cref="EventReader.TryReadChain"/>.
/// </summary>
internal static class RecordPrefix
{
    private const int IdLength = 36;

    [ThreadStatic]
    private static string? LastChain;

    private static ReadOnlySpan<byte> Opening => "{\"specversion\":\"1.0\",\"chain\":\""u8;

    private static ReadOnlySpan<byte> SeqMember => "\",\"seq\":"u8;

    private static ReadOnlySpan<byte> PrevMember => ",\"prev\":\""u8;

    private static ReadOnlySpan<byte> IdMember => "\",\"id\":\""u8;

    /// <summary>Place in the chain and event id; false when the record is no event or names a chain that no writer has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> record, out ChainLink link, out EventId id) =>
        TryFast(record, out link, out id)
        || (EventReader.TryReadChain(record, out link, out id)
            && link.Seq >= 0
            && link.Chain.Length is > 0 and <= LedgerLeaf.LongestChain
            && ChainLink.IsChain(link.Chain));

    private static bool TryFast(ReadOnlySpan<byte> record, out ChainLink link, out EventId id)
    {
        link = default;
        id = default;
        if (!record.StartsWith(Opening))
        {
            return false;
        }

        var rest = record[Opening.Length..];
        var quote = rest[..Math.Min(rest.Length, LedgerLeaf.LongestChain + 1)].IndexOf((byte)'"');
        if (quote <= 0 || !rest[quote..].StartsWith(SeqMember))
        {
            return false;
        }

        var chain = rest[..quote];
        rest = rest[(quote + SeqMember.Length)..];
        if (!System.Buffers.Text.Utf8Parser.TryParse(rest, out long seq, out var digits) || seq < 0 || !rest[digits..].StartsWith(PrevMember))
        {
            return false;
        }

        rest = rest[(digits + PrevMember.Length)..];
        Span<char> text = stackalloc char[Digest.Size * 2];
        if (rest.Length < text.Length + IdMember.Length + IdLength + 1 || !rest[text.Length..].StartsWith(IdMember))
        {
            return false;
        }

        Encoding.Latin1.GetChars(rest[..text.Length], text);
        if (!Digest.TryParse(text, out var prev))
        {
            return false;
        }

        rest = rest[(text.Length + IdMember.Length)..];
        Encoding.Latin1.GetChars(rest[..IdLength], text);
        if (rest[IdLength] != '"' || !EventId.TryParse(text[..IdLength], out id) || Name(chain) is not { } name)
        {
            return false;
        }

        link = new(name, seq, prev);
        return true;
    }

    /// <summary>Records of one chain come in runs, so the last name is kept instead of being made again.</summary>
    private static string? Name(ReadOnlySpan<byte> chain)
    {
        if (LastChain is { } last && Ascii.Equals(chain, last))
        {
            return last;
        }

        var name = Encoding.Latin1.GetString(chain);
        return ChainLink.IsChain(name) ? LastChain = name : null;
    }
}
