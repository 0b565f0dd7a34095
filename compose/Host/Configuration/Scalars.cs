using System.Globalization;
using System.Text.RegularExpressions;

namespace McpLedger.Host.Configuration;

/// <summary>A number of bytes, written <c>50GiB</c>.</summary>
internal readonly record struct ByteSize(long Bytes)
{
    public override string ToString() => Scalars.Write(this);
}

/// <summary>The written forms of single values: durations, sizes, addresses.</summary>
internal static partial class Scalars
{
    private static readonly (string Unit, long Bytes)[] SizeUnits =
        [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1)];

    public static TimeSpan? Duration(string text)
    {
        var match = DurationForm().Match(text);
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 1_000_000_000)
        {
            return null;
        }

        return match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => TimeSpan.FromDays(Math.Min(number, 365_000)),
        };
    }

    public static ByteSize? Size(string text)
    {
        var match = SizeForm().Match(text);
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var factor = Array.Find(SizeUnits, u => u.Unit.Equals(match.Groups[2].Value, StringComparison.OrdinalIgnoreCase)).Bytes;
        return number <= long.MaxValue / Math.Max(factor, 1) ? new(number * Math.Max(factor, 1)) : null;
    }

    public static Uri? Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0 ? uri : null;

    public static string Write(TimeSpan span) => span switch
    {
        { Ticks: 0 } => "0s",
        _ when span.Ticks % TimeSpan.TicksPerDay == 0 => Number(span.Ticks / TimeSpan.TicksPerDay, "d"),
        _ when span.Ticks % TimeSpan.TicksPerHour == 0 => Number(span.Ticks / TimeSpan.TicksPerHour, "h"),
        _ when span.Ticks % TimeSpan.TicksPerMinute == 0 => Number(span.Ticks / TimeSpan.TicksPerMinute, "m"),
        _ when span.Ticks % TimeSpan.TicksPerSecond == 0 => Number(span.Ticks / TimeSpan.TicksPerSecond, "s"),
        _ => Number((long)span.TotalMilliseconds, "ms"),
    };

    public static string Write(ByteSize size)
    {
        var (unit, bytes) = Array.Find(SizeUnits, u => u.Unit.Contains('i', StringComparison.Ordinal) && size.Bytes >= u.Bytes && size.Bytes % u.Bytes == 0);
        return unit is null ? Number(size.Bytes, "B") : Number(size.Bytes / bytes, unit);
    }

    private static string Number(long number, string unit) => string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");

    [GeneratedRegex(@"^(\d{1,10})(ms|s|m|h|d)$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationForm();

    [GeneratedRegex(@"^(\d{1,16})\s?(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SizeForm();
}
