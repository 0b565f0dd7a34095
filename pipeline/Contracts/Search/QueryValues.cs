using System.Globalization;

namespace McpLedger.Contracts.Search;

/// <summary>Reads the values of numeric fields. A value to some precision is a range: <c>2026-11-24</c> is that whole day, and <c>10:30:00.5</c> a tenth of a second.</summary>
public static class QueryValues
{
    private const long Second = 1_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    // Of a time that has digits behind its second: they say how long it is.
    private const long ByDigits = 0;

    private static readonly (string Format, long Length)[] Formats =
    [
        ("yyyy-MM-dd", Day),
        ("yyyy-MM-ddTHH", Hour),
        ("yyyy-MM-ddTHH:mm", Minute),
        ("yyyy-MM-ddTHH:mmK", Minute),
        ("yyyy-MM-ddTHH:mm:ss", Second),
        ("yyyy-MM-ddTHH:mm:ssK", Second),
        ("yyyy-MM-ddTHH:mm:ss.FFFFFFF", ByDigits),
        ("yyyy-MM-ddTHH:mm:ss.FFFFFFFK", ByDigits),
    ];

    internal static (long First, long Last)? Read(SearchField field, string text, DateTimeOffset now) => field.Kind switch
    {
        FieldKind.Time => ReadTime(text, now),
        FieldKind.Duration => Whole(ReadScaled(text, DurationUnit)),
        FieldKind.Size => Whole(ReadScaled(text, SizeUnit)),
        _ => Whole(long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null),
    };

    internal static string Expected(SearchField field) => field.Kind switch
    {
        FieldKind.Time => "a time",
        FieldKind.Duration => "a duration",
        FieldKind.Size => "a size",
        _ => "a whole number",
    };

    internal static string Example(SearchField field) => field.Kind switch
    {
        FieldKind.Time => $"Write {field.Name} >= 2026-11-24, {field.Name} >= 2026-11-24T10:30:00Z or {field.Name} >= now-1h (s, m, h, d, w).",
        FieldKind.Duration => $"Write {field.Name} > 250ms (us, ms, s, m, h); a bare number is milliseconds.",
        FieldKind.Size => $"Write {field.Name} > 10kb (b, kb, mb, gb).",
        _ => $"Write {field.Name}: 404 or {field.Name} >= 400.",
    };

    /// <summary>Microseconds since 1970 UTC.</summary>
    public static long Micros(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static (long, long)? Whole(long? value) => value is { } v ? (v, v) : null;

    private static (long, long)? ReadTime(string text, DateTimeOffset now)
    {
        if (text.StartsWith("now", StringComparison.OrdinalIgnoreCase))
        {
            var shift = text.Length == 3 ? 0 : text[3] is '-' or '+' ? ReadScaled(text[4..], TimeUnit) : null;
            return Whole(shift is null ? null : Micros(now) + (text.Length > 3 && text[3] == '-' ? -shift : shift));
        }

        if (text.EndsWith("us", StringComparison.Ordinal))
        {
            return Whole(long.TryParse(text.AsSpan(0, text.Length - 2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var micros) ? micros : null);
        }

        foreach (var (format, length) in Formats)
        {
            if (DateTimeOffset.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                return (Micros(time), Micros(time) + (length == ByDigits ? FractionLength(text) : length) - 1);
            }
        }

        return null;
    }

    // Events have microseconds: a seventh digit, as .NET writes it, tells no two of them apart.
    private static long FractionLength(string text)
    {
        var length = Second;
        for (var i = text.IndexOf('.', StringComparison.Ordinal) + 1; i < text.Length && char.IsAsciiDigit(text[i]) && length > 1; i++)
        {
            length /= 10;
        }

        return length;
    }

    private static long? ReadScaled(string text, Func<string, long?> unitOf)
    {
        var digits = text.AsSpan().IndexOfAnyExcept("0123456789.-".AsSpan());
        digits = digits < 0 ? text.Length : digits;
        if (unitOf(text[digits..].ToLowerInvariant()) is not { } unit
            || !decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        // A quarter of the range is 70,000 years: what is added to a moment still fits.
        return Math.Abs(number) > long.MaxValue / 4 / unit ? null : (long)(number * unit);
    }

    private static long? DurationUnit(string unit) => unit switch
    {
        "us" => 1,
        "" or "ms" => 1_000,
        "s" => Second,
        "m" => Minute,
        "h" => Hour,
        _ => null,
    };

    private static long? TimeUnit(string unit) => unit switch
    {
        "s" => Second,
        "m" => Minute,
        "h" => Hour,
        "d" => Day,
        "w" => 7 * Day,
        _ => null,
    };

    private static long? SizeUnit(string unit) => unit switch
    {
        "" or "b" => 1,
        "k" or "kb" => 1L << 10,
        "m" or "mb" => 1L << 20,
        "g" or "gb" => 1L << 30,
        _ => null,
    };
}
