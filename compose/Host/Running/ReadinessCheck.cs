namespace McpLedger.Host.Running;

/// <summary>What a role says about whether it does its work now. All of a process's stand behind <c>/readyz</c>.</summary>
/// <param name="Name">Who says so.</param>
/// <param name="Why">Why it does not; null when it does. Asked often: it must not wait.</param>
internal sealed record ReadinessCheck(string Name, Func<string?> Why);
