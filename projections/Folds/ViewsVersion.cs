namespace McpLedger.Projections.Folds;

/// <summary>Version of all that is kept, the same in every home. A change of a fold, of its tables or of the terms raises it: what was kept before is built anew from the log.</summary>
internal static class ViewsVersion
{
    public const int Now = 10;
}
