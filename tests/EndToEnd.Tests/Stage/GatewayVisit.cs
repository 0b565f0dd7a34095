using McpLedger.Contracts.Events;
using ModelContextProtocol.Client;

namespace McpLedger.EndToEnd.Tests.Stage;

/// <summary>What one test sees of a gateway that others used before it, and that stays as it is.</summary>
internal sealed class GatewayVisit
{
    private readonly GatewayUnderTest _gateway;
    private readonly int _before;

    private GatewayVisit(GatewayUnderTest gateway, int before) => (_gateway, _before) = (gateway, before);

    public static async Task<GatewayVisit> ToAsync(GatewayUnderTest gateway) => new(gateway, (await Backstage.CallsAsync(gateway.Instance)).Count);

    public Wire Wire(string server) => _gateway.Wire(server);

    public Task<McpClient> ClientAsync(string server, string? protocol) => _gateway.ClientAsync(server, protocol);

    /// <summary>The events of calls since the test began, as far as they are written.</summary>
    public async Task<IEnumerable<EventData>> CallsAsync() => (await Backstage.CallsAsync(_gateway.Instance)).Skip(_before).Select(each => each.Data);
}
