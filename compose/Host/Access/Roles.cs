namespace McpLedger.Host.Access;

/// <summary>Roles toward the API; each includes those before it.</summary>
internal static class Roles
{
    public const string Viewer = "viewer";
    public const string Auditor = "auditor";
    public const string Admin = "admin";

    public static IReadOnlyList<string> All { get; } = [Viewer, Auditor, Admin];

    /// <summary>The role and what it includes; nothing for a name that is no role.</summary>
    public static IEnumerable<string> Including(string role) => All.Contains(role, StringComparer.Ordinal) ? All.TakeWhile(r => r != role).Append(role) : [];
}
