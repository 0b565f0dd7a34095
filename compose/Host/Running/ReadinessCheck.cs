using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Host.Running;

/// <summary>What a role says about whether it does its work now. All of a process's stand behind <c>/readyz</c>.</summary>
/// <param name="Name">Who says so.</param>
/// <param name="Otherwise">
/// What the process is when it does not: unavailable where whoever asks has to be sent elsewhere; degraded where every replica would say the same at once and what each still does is better than nothing.
/// </param>
/// <param name="Why">Why it does not, in words that a stranger may read; null when it does. Asked often: it must not wait.</param>
internal sealed record ReadinessCheck(string Name, LedgerStatus Otherwise, Func<string?> Why)
{
    /// <summary>Whether consumers go on: a store that fails holds up those of all replicas.</summary>
    public static ReadinessCheck Of(string name, Func<IEnumerable<PartitionConsumer>> consumers) => new(name, LedgerStatus.Degraded, () =>
    {
        string[] still = [.. consumers().Where(c => c.Name == name && c.State.Trouble is not null).Select(c => c.Partition.ToString()).Order(StringComparer.Ordinal)];
        return still.Length == 0 ? null : $"{string.Join(", ", still)} cannot be followed now; the log of this process says why";
    });
}
