using static McpLedger.Gateway.Screening.ScreeningAction;

namespace McpLedger.Gateway.Screening;

/// <summary>What holds where nothing is written, by how far a server is trusted (README, Screening, says why).</summary>
internal static class ScreeningPresets
{
    public static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(50);

    //                                                            hidden  control code  secrets personal contacts injection returned marks
    private static readonly ScreeningAction[][] Untrusted =
    [
        [Strip, Strip, Flag, Redact, Redact, Off, Flag, Refuse, Off],
        [Strip, Strip, Flag, Redact, Redact, Off, Refuse, Off, Off],
        [Refuse, Refuse, Flag, Flag, Off, Off, Refuse, Off, Refuse],
        [Off, Off, Off, Redact, Redact, Off, Off, Off, Off],
    ];

    private static readonly ScreeningAction[][] Ordinary =
    [
        [Flag, Off, Flag, Flag, Flag, Off, Flag, Flag, Off],
        [Strip, Flag, Flag, Flag, Flag, Off, Flag, Off, Off],
        [Refuse, Flag, Flag, Flag, Off, Off, Flag, Off, Refuse],
        [Off, Off, Off, Redact, Off, Off, Off, Off, Off],
    ];

    private static readonly ScreeningAction[][] Trusted =
    [
        [Flag, Off, Off, Flag, Off, Off, Flag, Flag, Off],
        [Flag, Off, Off, Flag, Off, Off, Flag, Off, Off],
        [Flag, Off, Off, Flag, Off, Off, Flag, Off, Flag],
        [Off, Off, Off, Redact, Off, Off, Off, Off, Off],
    ];

    public static ScreeningAction Of(ServerTrust trust, ScreeningPlace place, ScreeningKind kind) =>
        (trust switch { ServerTrust.Ordinary => Ordinary, ServerTrust.Trusted => Trusted, _ => Untrusted })[(int)place][(int)kind];
}
