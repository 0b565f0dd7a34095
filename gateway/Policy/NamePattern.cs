namespace McpLedger.Gateway.Policy;

/// <summary>A name, or a prefix when it was written with a <c>*</c> at its end. Compared by code unit: a name that only looks alike is another name.</summary>
internal readonly record struct NamePattern(string Text, bool IsPrefix)
{
    public static NamePattern Of(string written) => written.EndsWith('*') ? new(written[..^1], true) : new(written, false);

    public bool Matches(string name) => IsPrefix ? name.StartsWith(Text, StringComparison.Ordinal) : string.Equals(name, Text, StringComparison.Ordinal);
}
