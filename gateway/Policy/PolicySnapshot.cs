using System.Collections.Frozen;
using System.Text.Json;
using McpLedger.Contracts.Integrity;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Policy;

/// <summary>The policy in force, compiled once and never changed: a call keeps the one it began with.</summary>
internal sealed class PolicySnapshot
{
    private PolicySnapshot(Rule[] rules, FrozenSet<string> servers, bool isPerCaller, Digest digest)
    {
        Rules = rules;
        Servers = servers;
        IsPerCaller = isPerCaller;
        Digest = digest;
    }

    /// <summary>No rule, no server: refuses everything (I7).</summary>
    public static PolicySnapshot RefuseEverything { get; } = Compile(GatewayConfig.Empty);

    public IReadOnlyList<Rule> Rules { get; }

    /// <summary>The servers that exist; a call to any other is refused whatever the rules say.</summary>
    public FrozenSet<string> Servers { get; }

    /// <summary>Whether another caller may be shown other tools; then no list may be shared by a cache.</summary>
    public bool IsPerCaller { get; }

    /// <summary>Names exactly this policy in events.</summary>
    public Digest Digest { get; }

    public static PolicySnapshot Compile(GatewayConfig config) =>
        new([.. config.Rules.Select(r => new Rule(r))], config.Servers.Keys.ToFrozenSet(StringComparer.Ordinal), IsPerCallerIn(config), DigestOf(config));

    private static bool IsPerCallerIn(GatewayConfig config) => !config.AnonymousOnLoopback || config.Rules.Any(rule => !rule.Principals.IsEmpty || !rule.Teams.IsEmpty);

    // Over what decides and nothing else: no credential of an upstream may show, not even as a digest.
    private static Digest DigestOf(GatewayConfig config)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteBoolean("anonymousOnLoopback"u8, config.AnonymousOnLoopback);
            WriteList(json, "servers", config.Servers.Keys);
            WriteList(json, "modernOnly", config.Servers.Values.Where(s => s.ModernOnly).Select(s => s.Name));
            WriteList(json, "holdsFirstTools", config.Servers.Values.Where(s => s.FirstTools == FirstTools.Hold).Select(s => s.Name));
            json.WriteStartArray("rules"u8);
            foreach (var rule in config.Rules)
            {
                json.WriteStartObject();
                json.WriteString("id"u8, rule.Id);
                json.WriteString("effect"u8, rule.Effect == RuleEffect.Allow ? "allow"u8 : "block"u8);
                WriteList(json, "principals", rule.Principals);
                WriteList(json, "teams", rule.Teams);
                WriteList(json, "servers", rule.Servers);
                WriteList(json, "tools", rule.Tools);
                if (!rule.Labels.IsEmpty)
                {
                    WriteList(json, "labels", rule.Labels);
                }

                json.WriteString("reason"u8, rule.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteScreening(json, config);
            json.WriteEndObject();
        }

        return Digest.Of(stream.ToArray());
    }

    private static void WriteScreening(Utf8JsonWriter json, GatewayConfig config)
    {
        if (config.Screening is not { } screening)
        {
            return;
        }

        WriteList(json, "screening", ScreeningText.Of(screening));
        json.WriteStartObject("screeningOf"u8);
        foreach (var server in config.Servers.Values)
        {
            WriteList(json, server.Name, ScreeningText.Of(server.Screening));
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
