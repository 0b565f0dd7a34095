using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>Exchanges single values of a message without writing it anew.</summary>
internal static class JsonSplice
{
    /// <summary>Puts other values in the place of some that the reader found in <paramref name="raw"/>; every other byte stays.</summary>
    public static ReadOnlyMemory<byte> Replace(ReadOnlyMemory<byte> raw, params ReadOnlySpan<(RawJson? Found, ReadOnlyMemory<byte> By)> places)
    {
        var cuts = new List<(int Start, int Length, ReadOnlyMemory<byte> By)>(places.Length);
        foreach (var (found, by) in places)
        {
            if (found is { } value && raw.Span.Overlaps(value.Utf8.Span, out var start))
            {
                cuts.Add((start, value.Utf8.Length, by));
            }
        }

        cuts.Sort((one, other) => one.Start.CompareTo(other.Start));
        var result = new byte[raw.Length + cuts.Sum(cut => cut.By.Length - cut.Length)];
        var (from, to) = (0, 0);
        foreach (var (start, length, by) in cuts)
        {
            raw.Span[from..start].CopyTo(result.AsSpan(to));
            to += start - from;
            by.Span.CopyTo(result.AsSpan(to));
            to += by.Length;
            from = start + length;
        }

        raw.Span[from..].CopyTo(result.AsSpan(to));
        return result;
    }
}
