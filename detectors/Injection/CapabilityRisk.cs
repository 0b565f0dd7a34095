using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>How dangerous a tool is by what its definition says it does: not whether it deceives, but whether anyone should call it.</summary>
/// <param name="Logit">The head's own number.</param>
/// <param name="Probability">The same between 0 and 1.</param>
/// <param name="IsOvert">Whether it is above the model's threshold.</param>
public readonly record struct CapabilityRisk(float Logit, double Probability, bool IsOvert)
{
    /// <summary>How many of its first tokens are read: a tool that does harm openly says so at once, and parameters follow.</summary>
    internal const int MaxTokens = 96;

    /// <summary>Reads a definition; <see langword="default"/> where the model has no such head.</summary>
    /// <param name="model">The model.</param>
    /// <param name="definition">A definition that was read.</param>
    /// <param name="reading">This thread's buffers.</param>
    public static CapabilityRisk Of(InjectionModel model, MessageText definition, InjectionReading reading)
    {
        if (model.Capability is not { } head)
        {
            return default;
        }

        var tokens = reading.Scan.Tokens;
        tokens.Read(definition.Normal.Chars, 0, model.Vocabulary);
        var logit = LogitOf(head, tokens, model.Vocabulary);
        return new(logit, 1 / (1 + Math.Exp(-logit)), logit > model.CapabilityThreshold);
    }

    internal static float LogitOf(LinearWeights head, TokenFeatures tokens, Vocabulary vocabulary)
    {
        Span<float> pooled = stackalloc float[LinearWeights.Pooled];
        var end = Math.Min(tokens.Count, MaxTokens);
        LinearWeights.Pool(tokens.Rows[..end], vocabulary.Vectors, pooled);
        return head.Logit(tokens.Between(0, end), pooled);
    }
}
