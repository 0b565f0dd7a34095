namespace McpLedger.Detectors.Training.Fitting;

/// <summary>A normalised text to learn from.</summary>
/// <param name="IsAttack">What it is.</param>
/// <param name="Text">Normalised.</param>
/// <param name="PayloadStart">Where the attack stands in it, where that is known; else -1.</param>
/// <param name="PayloadEnd">Where it ends, exclusive.</param>
/// <param name="Weight">One, or less for one of many near-copies.</param>
internal sealed record TrainingText(bool IsAttack, string Text, int PayloadStart = -1, int PayloadEnd = -1, double Weight = 1);
