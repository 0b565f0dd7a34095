using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Integrity;
using McpLedger.Detectors.Injection;
using McpLedger.Gateway.Configuration;

namespace McpLedger.Gateway.Screening;

/// <summary>Screening as one configuration wants it, compiled once, with the model that scores.</summary>
internal sealed class ScreeningPolicy
{
    // Of four servers that list as much as is kept of one.
    private const int MaxDefinitions = 16_384;
    private readonly FrozenDictionary<string, ServerRules> _servers;
    private readonly ConcurrentDictionary<(string Server, string Tool, Digest Definition), JudgedDefinition> _definitions = new();
    private readonly ScreeningRules _others;

    private ScreeningPolicy(ScreeningConfig config, GatewayConfig gateway, InjectionModel model)
    {
        MaxChars = config.MaxChars;
        Detector = new(model);
        Scores = new(model.Digest);
        _others = new(ServerTrust.Untrusted, config.Choices);
        _servers = gateway.Servers.Values.ToFrozenDictionary(server => server.Name, server => new ServerRules(config.Choices, server.Screening), StringComparer.Ordinal);
    }

    /// <summary>Most characters of a message that are looked through.</summary>
    public int MaxChars { get; }

    public InjectionDetector Detector { get; }

    /// <summary>What was scored before under this model.</summary>
    public ScoreCache Scores { get; }

    /// <summary>Compiles; null where nothing is screened.</summary>
    /// <exception cref="InvalidDataException">The model's folder does not hold one.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "Models are shared by all configurations of the process; the collector takes what none uses.")]
    public static ScreeningPolicy? Compile(GatewayConfig config) =>
        config.Screening is { } screening ? new(screening, config, LoadedModels.Open(screening.ModelFolder ?? ShippedModel.Folder)) : null;

    /// <summary>What holds for a tool of a server; for the server where <paramref name="tool"/> is null or nothing was written for it.</summary>
    public ScreeningRules Of(string server, string? tool) =>
        !_servers.TryGetValue(server, out var rules) ? _others
        : tool is not null && rules.Tools.TryGetValue(tool, out var own) ? own
        : rules.Server;

    /// <summary>What holds for an answer that may be of any tool of a server.</summary>
    public ScreeningRules StrictestOf(string server) => _servers.TryGetValue(server, out var rules) ? rules.Strictest : _others;

    /// <summary>What was made of a definition before; null when nobody judged it.</summary>
    public JudgedDefinition? FindDefinition(string server, string tool, Digest definition) => _definitions.GetValueOrDefault((server, tool, definition));

    /// <summary>Remembers what was made of a definition; judging one again costs little, so past the bound all are forgotten.</summary>
    public JudgedDefinition KeepDefinition(string server, string tool, Digest definition, JudgedDefinition judged)
    {
        if (_definitions.Count >= MaxDefinitions)
        {
            _definitions.Clear();
        }

        return _definitions[(server, tool, definition)] = judged;
    }

    private sealed class ServerRules
    {
        public ServerRules(ScreeningChoices all, ServerScreening server)
        {
            Server = new(server.Trust, all, server.Choices);
            Tools = server.Tools.ToFrozenDictionary(tool => tool.Key, tool => new ScreeningRules(server.Trust, all, server.Choices, tool.Value), StringComparer.Ordinal);
            Strictest = ScreeningRules.Strictest([Server, .. Tools.Values]);
        }

        public ScreeningRules Server { get; }

        public FrozenDictionary<string, ScreeningRules> Tools { get; }

        public ScreeningRules Strictest { get; }
    }
}
