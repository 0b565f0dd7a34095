namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>A text of the scoreboard and what the model made of it.</summary>
internal sealed record ScoredText
{
    public required string Source { get; init; }

    public required bool IsAttack { get; init; }

    public required string Family { get; init; }

    /// <summary>Characters.</summary>
    public required int Length { get; init; }

    /// <summary>Number of its cluster within the source.</summary>
    public required int Cluster { get; init; }

    /// <summary>One over the size of its cluster.</summary>
    public required double Weight { get; init; }

    /// <summary>Stage one's logit.</summary>
    public required double StageOne { get; init; }

    /// <summary>The logit of odd tokens alone; not a number where the channel has no weights for them.</summary>
    public required double Odd { get; init; }

    /// <summary>The encoder's logit; not a number where it was not asked.</summary>
    public required double Encoder { get; init; }

    /// <summary>What a definition's marks add to its tail.</summary>
    public required double MarkTail { get; init; }

    /// <summary>The encoder's logits of the windows that stage one likes best, best first, whether or not the gate lets the text through; empty where no curves are drawn.</summary>
    public IReadOnlyList<float> Windows { get; init; } = [];

    /// <summary>As the model is shipped.</summary>
    public required double Probability { get; init; }

    public required bool IsFlagged { get; init; }

    /// <summary>Half of the clusters calibrate what the other half is measured with, and the other way round.</summary>
    public int Fold => (int)((uint)Cluster * 2654435761u >> 16) & 1;

    public bool ReachedEncoder => !double.IsNaN(Encoder);
}
