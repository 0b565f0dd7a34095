using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Sealing;
using McpLedger.Streaming;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Benchmarks.Pipeline;

/// <summary>A ledger of made calls, written by the embedded ledger itself.</summary>
internal static class MadeLedger
{
    private const int InFlight = 4096;

    public static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static EmbeddedLedgerOptions OptionsIn(string folder) => new() { Folder = folder, Instance = "bench", HeartbeatInterval = TimeSpan.Zero };

    /// <summary>Writes <paramref name="calls"/> calls and returns the origin of the ledger and the bytes of its records.</summary>
    public static async Task<(string Origin, long Bytes)> WriteAsync(string folder, long calls)
    {
        await using var ledger = await TemporaryLedger.OpenAsync(OptionsIn(folder), TimeProvider.System);
        return (ledger.Ledger.Identity.Origin, await FillAsync(ledger.Ledger, calls));
    }

    /// <summary>Appends <paramref name="calls"/> calls, two events each, and returns the bytes of their drafts.</summary>
    public static async Task<long> FillAsync(ILedgerWriter ledger, long calls)
    {
        var made = new MadeCalls(seed: 1, Begin);
        var waiting = new Queue<Task<Appended>>();
        var bytes = 0L;
        for (var i = 0L; i < calls; i++)
        {
            var (intended, completed, time) = made.Next();
            foreach (var data in new EventData[] { intended, completed })
            {
                var draft = MadeCalls.Draft(data, time, $"{intended.What.Server}/{intended.What.Name}", intended.Where.Session.Id);
                bytes += draft.Tail.Length;
                waiting.Enqueue(AppendAsync(ledger, draft));
            }

            while (waiting.Count > InFlight)
            {
                await CheckAsync(waiting.Dequeue());
            }
        }

        while (waiting.TryDequeue(out var append))
        {
            await CheckAsync(append);
        }

        return bytes;
    }

    /// <summary>Seals what lies in the folder, as fast as it goes, and returns the number of leaves.</summary>
    public static async Task<long> SealAsync(string folder, string origin)
    {
        var options = new SealingOptions { Folder = folder, OriginPrefix = origin, Source = "/sealer/bench/1" };
        using var keys = SigningKeyStore.Open(options, [LedgerPartition.Calls, LedgerPartition.Control]);
        var files = EmbeddedLedgerFiles.OpenReadOnly(folder, TimeProvider.System);
        var sealer = PartitionSealer.Open(LedgerPartition.Calls, origin, new(Path.Combine(folder, "tiles"), static _ => { }), new(Path.Combine(folder, "sealer"), static _ => { }), keys, out var refusal)
            ?? throw new InvalidOperationException(refusal);
        while (true)
        {
            var batch = await files.ReadAsync(LedgerPartition.Calls, sealer.Next, options.ReadBytes, CancellationToken.None);
            sealer.Accept(batch.Records);
            batch.GiveBack();
            if (sealer.Pending >= options.MaxLeaves || batch.Records.Count == 0)
            {
                sealer.Commit(0);
            }

            if (batch.Records.Count == 0)
            {
                return sealer.Sealed;
            }
        }
    }

    /// <summary>The public key that the folder's checkpoints are signed with.</summary>
    public static VerifierKey KeyOf(string folder) =>
        VerifierKey.TryParse(File.ReadLines(Path.Combine(folder, "keys", "signing.vkey")).First(), out var key) ? key! : throw new FormatException("signing.vkey holds no key.");

    private static async Task<Appended> AppendAsync(ILedgerWriter ledger, EventDraft draft)
    {
        using (draft)
        {
            return await ledger.AppendAsync(draft, CancellationToken.None);
        }
    }

    private static async Task CheckAsync(Task<Appended> append)
    {
        var appended = await append;
        if (!appended.IsDurable)
        {
            throw new InvalidOperationException($"The ledger took no event: {appended.Status}.");
        }
    }
}
