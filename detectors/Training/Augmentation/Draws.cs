using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>Seeds of the made-up texts: every member of a scorer learns from a draw of its own, and what calibrates a scorer is a draw that none of them saw.</summary>
internal static class Draws
{
    /// <summary>The draw that nothing is trained on; members are numbered from zero and stay below it.</summary>
    public const ulong HeldOut = 10;

    public static ulong SeedOf(TextChannel channel, ulong draw) => 11 + (ulong)channel + (100 * draw);
}
