using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway;

/// <summary>Who this gateway is, among its replicas and in what it writes.</summary>
public sealed record GatewayOptions
{
    /// <summary>Name of this instance: letters, digits, <c>-</c>, <c>_</c>, <c>.</c>. Sessions with a live process or stream are owned under it.</summary>
    public required string Instance { get; init; }

    /// <summary>Source of the events it writes: <c>/{role}/{instance}/{boot epoch}</c>.</summary>
    public required string Source { get; init; }

    /// <summary>File with the key that seals session ids, shared by all replicas; made with mode 0600 when there is none.</summary>
    public required string SessionKeyFile { get; init; }

    /// <summary>Folder of this instance alone, where its living child processes are recorded; default <c>children/{instance}</c> beside <see cref="SessionKeyFile"/>.</summary>
    public string ChildFolder
    {
        get => field ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(SessionKeyFile))!, "children", Instance);
        init;
    }

    /// <summary>How long calls go on with the keys, stops and pins that are known while the control log cannot be read.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How much bridged servers may ask of the gateway.</summary>
    public BridgeLimits Bridge { get; init; } = new();
}
