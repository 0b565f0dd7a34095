namespace McpLedger.Detectors.Behaviour;

/// <summary>A call as behaviour sees it.</summary>
public readonly ref struct ObservedCall
{
    /// <summary>Which call; what its result names.</summary>
    public required Guid Call { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The session it belongs to.</summary>
    public required string Session { get; init; }

    /// <summary>Whose habits it is held against: principal and client.</summary>
    public required string Agent { get; init; }

    /// <summary>Whose share of what is remembered it takes: the principal, as nobody can choose it; null for nobody's.</summary>
    public string? Owner { get; init; }

    /// <summary>The server.</summary>
    public required string Server { get; init; }

    /// <summary>The tool, or what stands for it: a method and what it addresses.</summary>
    public required string Tool { get; init; }

    /// <summary>What the tool does to the flow of data.</summary>
    public required ToolTraits Traits { get; init; }

    /// <summary>The arguments as JSON; empty for none, and where nobody could read them.</summary>
    public ReadOnlySpan<byte> Arguments { get; init; }

    /// <summary>What is known of arguments that nobody could read.</summary>
    public UnreadContent Unread { get; init; }

    internal long Bytes => Arguments.Length + Unread.Size;
}

/// <summary>The result of a call as behaviour sees it.</summary>
public readonly ref struct ObservedResult
{
    /// <summary>Which call.</summary>
    public required Guid Call { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The session it belongs to.</summary>
    public required string Session { get; init; }

    /// <summary>Whose habits it is held against.</summary>
    public required string Agent { get; init; }

    /// <summary>Whose share of what is remembered it takes: the principal, as nobody can choose it; null for nobody's.</summary>
    public string? Owner { get; init; }

    /// <summary>Whether it is an error.</summary>
    public bool IsError { get; init; }

    /// <summary>The result without what differs from call to call (the message's id), as bytes; empty where nobody could read it.</summary>
    public ReadOnlySpan<byte> Content { get; init; }

    /// <summary>What is known of a result that nobody could read.</summary>
    public UnreadContent Unread { get; init; }

    internal long Bytes => Content.Length + Unread.Size;

    internal ulong Print => Unread.Size > 0 ? Unread.Print : Hashing.Of(Content);

    /// <summary>How unusual its text is among benign ones, as −log10 of their share; zero where nobody scored it.</summary>
    public double Tail { get; init; }

    /// <summary>Whether its text is above the model's threshold.</summary>
    public bool IsFlagged { get; init; }

    /// <summary>The suspicious stretch with what stands around it, in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> Suspicious { get; init; }
}

/// <summary>Content whose bytes nobody could read: how much it is and which.</summary>
public readonly ref struct UnreadContent
{
    /// <summary>Bytes; 0 where nothing is unread.</summary>
    public required long Size { get; init; }

    /// <summary>A digest of exactly those bytes.</summary>
    public required ReadOnlySpan<byte> Digest { get; init; }

    internal ulong Print => Hashing.Mix(Hashing.Of(Digest), (ulong)Size);
}
