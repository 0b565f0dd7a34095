using System.Collections.Immutable;

namespace McpLedger.Host.Configuration;

/// <summary>A value of the file with its place, so that every complaint can point at it.</summary>
internal abstract record ConfigNode(int Line, int Column)
{
    public abstract string Kind { get; }

    internal sealed record Scalar(int Line, int Column, string Text, bool IsQuoted) : ConfigNode(Line, Column)
    {
        public override string Kind => "a single value";

        public bool IsNull => !IsQuoted && Text is "" or "~" or "null";
    }

    internal sealed record Sequence(int Line, int Column, ImmutableArray<ConfigNode> Items) : ConfigNode(Line, Column)
    {
        public override string Kind => "a list";
    }

    internal sealed record Mapping(int Line, int Column, ImmutableArray<ConfigEntry> Entries) : ConfigNode(Line, Column)
    {
        public override string Kind => "a section";
    }
}

/// <summary>A key of a section and what stands behind it; the place is the key's.</summary>
internal sealed record ConfigEntry(string Key, int Line, int Column, ConfigNode Value);
