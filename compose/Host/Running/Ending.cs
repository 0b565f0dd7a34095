using McpLedger.Host.Configuration;
using McpLedger.Streaming.Kafka;
using Microsoft.AspNetCore.Hosting.Server;

namespace McpLedger.Host.Running;

/// <summary>
/// The order in which a process ends, and the time that each part of it has: calls first, then stages and read models, then children, then the ledger.
/// A call that hangs uses up its own time and nobody else's.
/// </summary>
internal static class Ending
{
    /// <summary>For what runs beside the listener to finish what is in hand, all of it at once: more than a consumer's own budget.</summary>
    public static readonly TimeSpan Parts = TimeSpan.FromSeconds(15);

    // Kestrel's own: from cutting calls off until it looks after them no more.
    private static readonly TimeSpan CutOff = TimeSpan.FromSeconds(1);

    // What a child's own children may hold open after it is gone.
    private static readonly TimeSpan Pipes = TimeSpan.FromSeconds(1);

    /// <summary>Gives what runs beside the listener its time, and the same to each part: one that hangs must not keep the others from hearing that it ends.</summary>
    public static void Configure(HostOptions options) => (options.ShutdownTimeout, options.ServicesStopConcurrently) = (Parts, true);

    /// <summary>Closes the door, gives calls in flight <paramref name="finish"/>, and only then ends the rest.</summary>
    public static async Task EndAsync(this WebApplication app, TimeSpan finish)
    {
        app.Lifetime.StopApplication();
        using var patience = new CancellationTokenSource(finish);
        await app.Services.GetRequiredService<IServer>().StopAsync(patience.Token);
        await app.StopAsync(CancellationToken.None);
    }

    /// <summary>The longest that a process takes from the signal to its end; whoever stops it must wait longer.</summary>
    public static TimeSpan Longest(ConfigFile file)
    {
        var children = file.Servers.Values.Where(s => s.Command is not null).Select(s => (2 * s.ShutdownGrace) + Pipes).DefaultIfEmpty().Max();

        // The spool, the producer and the blobs, one after another.
        var ledger = file.Kafka is null ? TimeSpan.Zero : 3 * KafkaLedger.StopBudget;
        return file.Listen.Drain + file.Listen.Finish + CutOff + Parts + children + ledger;
    }
}
