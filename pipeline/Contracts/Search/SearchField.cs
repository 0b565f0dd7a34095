namespace McpLedger.Contracts.Search;

/// <summary>How a field's values compare.</summary>
public enum FieldKind
{
    /// <summary>Whole values, without regard to case; prefixes.</summary>
    Keyword = 0,

    /// <summary>Whole numbers; ranges.</summary>
    Number = 1,

    /// <summary>Microseconds; written <c>250ms</c>, <c>5s</c>, <c>2m</c>, <c>1h</c>; a bare number is milliseconds.</summary>
    Duration = 2,

    /// <summary>Bytes; written <c>512</c>, <c>10kb</c>, <c>1mb</c> (1024 each).</summary>
    Size = 3,

    /// <summary>Microseconds since 1970 UTC; written as ISO 8601 to any precision, or <c>now-1h</c>.</summary>
    Time = 4,

    /// <summary>Full text: terms and phrases.</summary>
    Text = 5,
}

/// <summary>A field that queries can name.</summary>
public sealed class SearchField
{
    internal SearchField(string name, FieldKind kind, string meaning, params string[] aliases)
    {
        Name = name;
        Kind = kind;
        Meaning = meaning;
        Aliases = aliases;
    }

    /// <summary>Its name, lower case.</summary>
    public string Name { get; }

    /// <summary>How its values compare.</summary>
    public FieldKind Kind { get; }

    /// <summary>What it says, in one sentence.</summary>
    public string Meaning { get; }

    /// <summary>Other names it goes by: those of OpenTelemetry and the Elastic Common Schema.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>True when its values are integers.</summary>
    public bool IsNumeric => Kind is FieldKind.Number or FieldKind.Duration or FieldKind.Size or FieldKind.Time;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
