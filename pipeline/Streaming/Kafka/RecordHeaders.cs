using Confluent.Kafka;

namespace McpLedger.Streaming.Kafka;

/// <summary>The headers of a record: its id and type once more, for those who route without reading. Nobody of ours believes them.</summary>
internal static class RecordHeaders
{
    private const int IdLength = 36;
    private const int LongestType = 64;

    private static ReadOnlySpan<byte> IdMember => "\",\"id\":\""u8;

    private static ReadOnlySpan<byte> TypeMember => "\",\"type\":\""u8;

    /// <summary>The headers; none for bytes that do not begin as an event of this program does.</summary>
    public static Headers? Of(ReadOnlySpan<byte> record)
    {
        var at = record.IndexOf(IdMember);
        if (at < 0 || record.Length < at + IdMember.Length + IdLength + TypeMember.Length)
        {
            return null;
        }

        var id = record.Slice(at + IdMember.Length, IdLength);
        var rest = record[(at + IdMember.Length + IdLength)..];
        if (!rest.StartsWith(TypeMember))
        {
            return null;
        }

        rest = rest[TypeMember.Length..];
        return rest[..Math.Min(rest.Length, LongestType)].IndexOf((byte)'"') is > 0 and var end
            ? new Headers { { "id", id.ToArray() }, { "type", rest[..end].ToArray() } }
            : null;
    }
}
