using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;

namespace McpLedger.Testing.Ledgers;

/// <summary>What a process does that is there to be killed: appends from sixteen sides, and prints offset and id of each append that was answered durable.</summary>
public static class EndlessAppends
{
    private const int Appenders = 16;
    private const int LongestDetail = 3000;

    /// <summary>Appends to the ledger in <paramref name="folder"/> until the process ends; ends it when an append is not durable.</summary>
    public static async Task RunAsync(string folder)
    {
        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder), TimeProvider.System);
        await RunAsync(ledger.Ledger);
    }

    /// <summary>The same to a ledger in Kafka.</summary>
    public static async Task RunAsync(KafkaLedgerOptions options)
    {
        await using var ledger = TemporaryKafkaLedger.Open(options);
        await ledger.ReadyAsync();
        await RunAsync(ledger.Ledger);
    }

    private static async Task RunAsync(ILedger ledger)
    {
        await using var told = Console.OpenStandardOutput();
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Appenders).Select(n => Task.Run(async () =>
        {
            var random = new Random(n);
            while (true)
            {
                using var draft = TemporaryLedger.Draft(LedgerLog.Calls, new string('k', random.Next(LongestDetail)));
                var appended = await ledger.AppendAsync(draft, CancellationToken.None);
                if (!appended.IsDurable)
                {
                    Environment.FailFast($"append {appended.Status}: {ledger.Health.Reason}");
                }

                var line = Encoding.ASCII.GetBytes($"{appended.Offset} {draft.Id} .\n");
                lock (gate)
                {
                    told.Write(line);
                }
            }
        })));
    }
}
