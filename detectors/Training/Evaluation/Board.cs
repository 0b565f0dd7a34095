using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>Which sources of the scoreboard belong to a channel, and in what part.</summary>
internal sealed record Board
{
    public required TextChannel Channel { get; init; }

    public required string Title { get; init; }

    /// <summary>Their mean false-positive rate, each weighing the same, sets the thresholds.</summary>
    public required string[] Benign { get; init; }

    /// <summary>Their mean recall, each weighing the same, is the board's figure.</summary>
    public required string[] Attacks { get; init; }

    /// <summary>Shown and not part of any mean.</summary>
    public string[] OtherAttacks { get; init; } = [];

    /// <summary>Benign texts that look like attacks: shown, and not part of the budget.</summary>
    public string[] HardNegatives { get; init; } = [];

    /// <summary>The false-positive rate that the shipped threshold is read off at.</summary>
    public required double ShippedRate { get; init; }

    /// <summary>Sources whose own rate the shipped threshold must keep.</summary>
    public (string Source, double Rate)[] Limits { get; init; } = [];

    public static Board Response { get; } = new()
    {
        Channel = TextChannel.Response,
        Title = "tool responses and documents",
        Benign = ["injecagent_simresp", "livemcp_obs", "tau_tool", "agentdyn_clean", "piarena_ctx", "docs_test"],
        Attacks = ["injecagent_base", "injecagent_enhanced", "agentdyn_attack", "piarena_inj"],
        OtherAttacks = ["bipia_test", "tt_pair"],
        HardNegatives = ["docs_security", "docs_aidirected"],
        ShippedRate = 0.006,
    };

    public static Board User { get; } = new()
    {
        Channel = TextChannel.User,
        Title = "user input and arguments",
        Benign = ["notinject", "wildguard_benign", "cse_frr", "tau_user", "livemcp_user"],
        Attacks = ["jbb_artifacts", "cse_pi", "cse_pi_multi"],
        OtherAttacks = ["tt_adaptive", "deepset_test", "piguard_valid"],
        Limits = [("notinject", 0.028), ("wildguard_benign", 0.028), ("cse_frr", 0.009)],
        ShippedRate = 0.01,
    };

    public static Board Definition { get; } = new()
    {
        Channel = TextChannel.Definition,
        Title = "tool definitions",
        Benign = ["livemcp_tools", "docker_tools"],
        Attacks = ["dvmcp_poison", "msb_poison", HeldOutDefinitions.Source],
        OtherAttacks = ["cisco_mal_remote"],
        HardNegatives = ["injecagent_tools", "cisco_benign"],
        ShippedRate = 0.004,
    };

    public static IReadOnlyList<Board> All { get; } = [Response, User, Definition];
}
