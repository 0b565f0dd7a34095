namespace McpLedger.Host.Commands;

/// <summary>What the process says when it ends. Scripts depend on these.</summary>
internal static class ExitCode
{
    /// <summary>It did what was asked.</summary>
    public const int Ok = 0;

    /// <summary>It looked, and something is wrong: a proof that fails, a doctor's finding, a thing that is not there.</summary>
    public const int Finding = 1;

    /// <summary>What was asked cannot be understood: the command line or the configuration.</summary>
    public const int Usage = 2;

    /// <summary>What it needs is not there now: the ledger is locked, the gateway does not answer.</summary>
    public const int Unavailable = 3;
}
