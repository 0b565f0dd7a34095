using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>
/// Field values as terms of the full-text index: <c>=server:demo</c> for a value, <c>?server</c> for having one, <c>^duration:17</c> for a number's power of two.
/// Terms of the text hold letters and digits only and these begin with a sign, so the two never meet, nor does the beginning of a word meet a field.
/// </summary>
internal static class FieldTokens
{
    /// <summary>Stands in every document.</summary>
    public const char Any = '?';

    // Values of these are in every event of traffic; that they are there is no question worth an entry.
    private static readonly HashSet<SearchField> AlwaysThere = [FieldCatalog.Id, FieldCatalog.Type, FieldCatalog.Class, FieldCatalog.Source, FieldCatalog.Time];

    private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, ' ' + 1).Select(static c => (char)c), '%', '"', '\'', '\\', '`', (char)127]);

    public static string Of(SearchDocument document, StringBuilder text)
    {
        text.Clear().Append(Any);
        SearchField? previous = null;
        foreach (var (field, value, _) in document.Keywords)
        {
            Append(text.Append(' '), field, value);
            if (field != previous && !AlwaysThere.Contains(field))
            {
                text.Append(" ?").Append(field.Name);
            }

            previous = field;
        }

        foreach (var (field, value) in document.Numbers)
        {
            if (!AlwaysThere.Contains(field))
            {
                text.Append(' ').Append(Bucket(field, BucketOf(value))).Append(' ').Append(Has(field));
            }
        }

        if (document.Terms.Length > 0)
        {
            text.Append(' ').Append(Has(FieldCatalog.Text)).Append(' ').Append(document.Terms);
        }

        return text.ToString();
    }

    public static string Value(SearchField field, string value) => Append(new(), field, value).ToString();

    public static string Has(SearchField field) => AlwaysThere.Contains(field) ? $"{Any}" : $"?{field.Name}";

    public static string Bucket(SearchField field, int bucket) => string.Create(CultureInfo.InvariantCulture, $"^{field.Name}:{bucket}");

    /// <summary>The power of two below a number: -64 … -1 for negative ones, 0 for zero, 1 … 63.</summary>
    public static int BucketOf(long value) => value switch
    {
        0 => 0,
        > 0 => 64 - BitOperations.LeadingZeroCount((ulong)value),
        _ => -64 + BitOperations.LeadingZeroCount((ulong)-(value + 1)) - 1,
    };

    // The index cuts at spaces and control characters, and quotes end its strings: those are written as %XX.
    private static StringBuilder Append(StringBuilder text, SearchField field, string value)
    {
        text.Append('=').Append(field.Name).Append(':');
        var rest = value.AsSpan();
        for (var cut = rest.IndexOfAny(Escaped); cut >= 0; cut = rest.IndexOfAny(Escaped))
        {
            text.Append(rest[..cut]).Append(CultureInfo.InvariantCulture, $"%{(int)rest[cut]:X2}");
            rest = rest[(cut + 1)..];
        }

        return text.Append(rest);
    }
}
