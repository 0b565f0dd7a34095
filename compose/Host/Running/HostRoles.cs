namespace McpLedger.Host.Running;

/// <summary>Which parts of the system a process is. On the embedded ledger all of them; on Kafka any.</summary>
[Flags]
internal enum HostRoles
{
    None = 0,

    /// <summary>Takes calls, decides, records, forwards. Holds no signing key and no read models.</summary>
    Gateway = 1,

    /// <summary>Seals the log, drops what is old, serves checkpoints, tiles and proofs. Holds the signing key, takes no calls.</summary>
    Pipeline = 2,

    /// <summary>Keeps read models and the search index, and answers questions about them.</summary>
    Projections = 4,

    All = Gateway | Pipeline | Projections,
}

internal static class HostRoleNames
{
    public static string[] Known { get; } = ["all", "gateway", "pipeline", "projections"];

    public static HostRoles Of(string name) => Enum.Parse<HostRoles>(name, ignoreCase: true);

    public const string UnsharedFix = "add a kafka section, or leave --role out: everything runs in one process";

    /// <summary>Why these roles cannot be a process of their own on the embedded ledger.</summary>
    public static string Unshared(this HostRoles roles) =>
        $"the role '{roles.Written()}' needs a ledger that several processes can write, and this configuration has the embedded one, which has one writer.";

    public static string Written(this HostRoles roles) => roles.ToString().ToLowerInvariant();
}
