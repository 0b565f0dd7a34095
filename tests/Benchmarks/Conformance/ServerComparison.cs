using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Conformance;

/// <summary>The fixture server asked by the suite directly and through the gateway, for both revisions.</summary>
internal sealed class ServerComparison : IAsyncDisposable
{
    public const string Legacy = "2025-11-25";
    public const string Modern = "2026-07-28";

    // Green through the gateway whatever the server behind it does.
    private static readonly string[] OursToAnswer = ["dns-rebinding-protection", "http-header-validation"];

    private readonly Child _fixture;
    private readonly Uri _fixtureAddress;
    private readonly McpLedgerInstance _gateway;

    private ServerComparison(Child fixture, Uri fixtureAddress, McpLedgerInstance gateway) => (_fixture, _fixtureAddress, _gateway) = (fixture, fixtureAddress, gateway);

    public static async Task<ServerComparison> StartAsync(string folder)
    {
        var (fixture, line) = await Child.StartAsync(
            Built.Program("McpLedger.ConformanceServer", "McpLedger.ConformanceServer"), ["--urls", "http://127.0.0.1:0"], new Dictionary<string, string?>(),
            line => line.StartsWith("http://", StringComparison.Ordinal));
        try
        {
            var address = new Uri(line);
            var gateway = await McpLedgerInstance.StartAsync(folder, new Dictionary<string, Uri>
            {
                ["sessions"] = new(address, "mcp"), ["stateless"] = new(address, "stateless"), ["lax"] = new(address, "lax"),
            });
            return new(fixture, address, gateway);
        }
        catch
        {
            await fixture.DisposeAsync();
            throw;
        }
    }

    public async Task<IReadOnlyList<ComparedScenario>> RunAsync(string revision)
    {
        var (path, server) = revision == Legacy ? ("mcp", "sessions") : ("stateless", "stateless");
        var direct = await Suite.ServerAsync(new(_fixtureAddress, path), revision);
        var through = await Suite.ServerAsync(_gateway.Endpoint(server), revision);
        return
        [
            .. from one in direct
               join other in through on one.Scenario equals other.Scenario
               select new ComparedScenario(revision, one, other, OursToAnswer.Contains(one.Scenario)),
        ];
    }

    /// <summary>Header validation in front of a server that does none.</summary>
    public async Task<ComparedScenario> RunLaxAsync()
    {
        const string Scenario = "http-header-validation";
        var direct = await Suite.ServerAsync(new(_fixtureAddress, "lax"), Modern, Scenario);
        var through = await Suite.ServerAsync(_gateway.Endpoint("lax"), Modern, Scenario);
        return new(Modern, direct[0] with { Scenario = $"{Scenario} (lax server)" }, through[0], true);
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _fixture.DisposeAsync();
    }
}

/// <summary>One scenario, both ways.</summary>
/// <param name="Revision">The revision asked for.</param>
/// <param name="Direct">Without the gateway.</param>
/// <param name="Through">With it.</param>
/// <param name="MustBeGreen">True when it has to be green through the gateway even where it is not directly.</param>
internal sealed record ComparedScenario(string Revision, ScenarioResult Direct, ScenarioResult Through, bool MustBeGreen)
{
    public bool IsKept => Through.IsGreen || (!Direct.IsGreen && !MustBeGreen);
}
