using System.Globalization;
using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>
/// A network namespace for one process, with two cables to this machine: one to the brokers, one for calls. Cutting a cable takes its end here down: what is sent is lost
/// and nobody is told, as when one is pulled out. Needs the right to make one.
/// </summary>
internal sealed class NetworkSpace : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"mcpl{Environment.ProcessId}");
    private readonly string _net = string.Create(CultureInfo.InvariantCulture, $"10.213.{Environment.ProcessId % 256}");

    private NetworkSpace()
    {
    }

    /// <summary>This machine's address for brokers, which stays when the cable is cut.</summary>
    public string Brokers => $"{_net}.9";

    /// <summary>This machine's address on the cable of calls.</summary>
    public string Outside => $"{_net}.5";

    /// <summary>The namespace's address on the cable of calls.</summary>
    public string Inside => $"{_net}.6";

    /// <summary>What a command line begins with to run in it.</summary>
    public string[] Enter => ["ip", "netns", "exec", _name];

    private string BrokerCable => $"{_name}k";

    private string CallCable => $"{_name}c";

    /// <summary>Makes one.</summary>
    /// <returns>Null with the reason where that is not permitted.</returns>
    public static async Task<(NetworkSpace? Space, string? Reason)> TryMakeAsync()
    {
        var space = new NetworkSpace();
        try
        {
            await space.MakeAsync();
            return (space, null);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await space.DisposeAsync();
            return (null, $"no network namespace can be made here: {e.Message.Trim()}");
        }
    }

    /// <summary>Cuts the cable to the brokers.</summary>
    public Task CutAsync() => IpAsync($"link set {BrokerCable} down");

    /// <summary>Mends it.</summary>
    public Task MendAsync() => IpAsync($"link set {BrokerCable} up");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Each may be there or not.
        foreach (var undo in new[] { $"netns del {_name}", $"link del {BrokerCable}", $"link del {CallCable}", $"addr del {Brokers}/32 dev lo" })
        {
            await Child.RunToEndAsync("ip", undo.Split(' '), Patience, new Dictionary<string, string?>());
        }
    }

    private async Task MakeAsync()
    {
        await IpAsync($"netns add {_name}");
        await IpAsync($"addr add {Brokers}/32 dev lo");
        await CableAsync(BrokerCable, $"{_net}.1/30", $"{_net}.2/30");
        await CableAsync(CallCable, $"{Outside}/30", $"{Inside}/30");
        await IpAsync($"-n {_name} link set lo up");
        await IpAsync($"-n {_name} route add {Brokers}/32 via {_net}.1");
    }

    private async Task CableAsync(string name, string here, string there)
    {
        await IpAsync($"link add {name} type veth peer name {name}i");
        await IpAsync($"link set {name}i netns {_name}");
        await IpAsync($"addr add {here} dev {name}");
        await IpAsync($"link set {name} up");
        await IpAsync($"-n {_name} addr add {there} dev {name}i");
        await IpAsync($"-n {_name} link set {name}i up");
    }

    private static async Task IpAsync(string arguments)
    {
        var (code, output) = await Child.RunToEndAsync("ip", arguments.Split(' '), Patience, new Dictionary<string, string?>());
        if (code != 0)
        {
            throw new InvalidOperationException($"ip {arguments}: {output}");
        }
    }
}
