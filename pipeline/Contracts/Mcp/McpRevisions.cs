namespace McpLedger.Contracts.Mcp;

/// <summary>The protocol's revisions: dates, which compare ordinally.</summary>
public static class McpRevisions
{
    /// <summary>The first modern revision.</summary>
    public const string FirstModern = "2026-07-28";

    /// <summary>What a legacy request without a header speaks (2025-06-18, Transports).</summary>
    public const string Assumed = "2025-03-26";

    /// <summary>The only revision with arrays of messages.</summary>
    public const string WithBatches = "2025-03-26";

    /// <summary>Every revision that is served, newest first. 2024-10-07 is an early spelling of 2024-11-05 that TypeScript clients still send.</summary>
    public static IReadOnlyList<string> Supported { get; } = [FirstModern, "2025-11-25", "2025-06-18", Assumed, "2024-11-05", "2024-10-07"];

    /// <summary>What stands in a record for a revision that nobody knows, and that may be any text.</summary>
    public const string Other = "other";

    /// <summary>The revision as it may be recorded and counted by.</summary>
    public static string Recorded(string revision) => Supported.Contains(revision, StringComparer.Ordinal) ? revision : Other;

    /// <summary>True from 2026-07-28 on.</summary>
    public static bool IsModern(string revision) => string.CompareOrdinal(revision, FirstModern) >= 0;
}
