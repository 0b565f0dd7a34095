namespace McpLedger.Detectors.Injection;

/// <summary>Where the model lies that comes with the product. Any other folder serves as well.</summary>
public static class ShippedModel
{
    /// <summary>The folder, beside the program.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "models", "injection");
}
