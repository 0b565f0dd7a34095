using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Search;

/// <summary>What can be asked of one event: a pure function of the event and of the content it refers to.</summary>
public sealed class SearchDocument
{
    /// <summary>Longest keyword in UTF-16 units; a longer one keeps its beginning and gets a digest of the whole.</summary>
    public const int LongestKeyword = 200;

    private const int DigestDigits = 16;

    /// <summary>Puts a document together.</summary>
    /// <param name="id">Id of the event.</param>
    /// <param name="type">Type of the event.</param>
    /// <param name="micros">Time of the event, microseconds since 1970 UTC.</param>
    /// <param name="keywords">Values of keyword fields.</param>
    /// <param name="numbers">Values of numeric fields.</param>
    /// <param name="terms">Terms of the text.</param>
    public SearchDocument(EventId id, string type, long micros, ImmutableArray<FieldKeyword> keywords, ImmutableArray<FieldNumber> numbers, string terms)
    {
        Id = id;
        Type = type;
        Micros = micros;
        Keywords = keywords;
        Numbers = numbers;
        Terms = terms;
    }

    /// <summary>Id of the event, which is the document's.</summary>
    public EventId Id { get; }

    /// <summary>Type of the event.</summary>
    public string Type { get; }

    /// <summary>Time of the event, microseconds since 1970 UTC.</summary>
    public long Micros { get; }

    /// <summary>Values of keyword fields, as <see cref="Keyword"/> makes them; a field may have several.</summary>
    public ImmutableArray<FieldKeyword> Keywords { get; }

    /// <summary>Values of numeric fields, the time included; a field has at most one.</summary>
    public ImmutableArray<FieldNumber> Numbers { get; }

    /// <summary>Terms of the text, in order, with a space between two.</summary>
    public string Terms { get; }

    /// <summary>The form in which keywords are indexed and asked for: lower case, bounded.</summary>
    public static string Keyword(string value)
    {
        var lower = value.ToLowerInvariant();
        return lower.Length <= LongestKeyword
            ? lower
            : $"{Beginning(lower)}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lower)))[..DigestDigits]}";
    }

    /// <summary>The form in which the beginning of a keyword is asked for.</summary>
    public static string Beginning(string value)
    {
        var lower = value.ToLowerInvariant();
        return lower.Length <= LongestKeyword ? lower : lower[..(char.IsHighSurrogate(lower[LongestKeyword - 1]) ? LongestKeyword - 1 : LongestKeyword)];
    }

    /// <summary>The first value of a keyword field as it was written; null when there is none.</summary>
    public string? First(SearchField field)
    {
        foreach (var keyword in Keywords)
        {
            if (keyword.Field == field)
            {
                return keyword.Shown;
            }
        }

        return null;
    }

    /// <summary>The value of a numeric field; null when there is none.</summary>
    public long? Number(SearchField field)
    {
        foreach (var number in Numbers)
        {
            if (number.Field == field)
            {
                return number.Value;
            }
        }

        return null;
    }
}

/// <summary>One value of a keyword field.</summary>
/// <param name="Field">The field.</param>
/// <param name="Value">As <see cref="SearchDocument.Keyword"/> makes it: what is compared.</param>
/// <param name="Shown">As it was written: what is shown.</param>
public readonly record struct FieldKeyword(SearchField Field, string Value, string Shown)
{
    /// <summary>A value as it was written.</summary>
    public static FieldKeyword Of(SearchField field, string value) => new(field, SearchDocument.Keyword(value), value);
}

/// <summary>The value of a numeric field.</summary>
public readonly record struct FieldNumber(SearchField Field, long Value);
