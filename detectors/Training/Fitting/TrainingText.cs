namespace McpLedger.Detectors.Training.Fitting;

/// <summary>A normalised text to learn from.</summary>
/// <param name="IsAttack">What it is.</param>
/// <param name="Text">Normalised.</param>
/// <param name="PayloadStart">Where the attack stands in it, where that is known; else -1.</param>
/// <param name="PayloadEnd">Where it ends, exclusive.</param>
/// <param name="Weight">One, or less for one of many near-copies.</param>
internal sealed record TrainingText(bool IsAttack, string Text, int PayloadStart = -1, int PayloadEnd = -1, double Weight = 1)
{
    /// <summary>Characters that a window has in common with the payload; none or less where they are apart.</summary>
    public int CommonWith(int start, int stop) => Math.Min(stop, PayloadEnd) - Math.Max(start, PayloadStart);

    /// <summary>Whether a window holds the payload: half of the window, or half of the payload, is common to both.</summary>
    public bool IsHeldBy(int start, int stop) => CommonWith(start, stop) * 2 >= Math.Min(stop - start, PayloadEnd - PayloadStart);
}
