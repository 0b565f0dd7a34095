namespace McpLedger.Projections.Homes.Marten;

/// <summary>One of the two places for a whole set of read models: the one in force, or the one where the next set is built beside it.</summary>
internal enum Side
{
    Blue = 0,

    Green = 1,
}

/// <summary>How sides are written in the database.</summary>
internal static class SideNames
{
    public static Side Other(this Side side) => side == Side.Blue ? Side.Green : Side.Blue;

    public static string Text(this Side side) => side == Side.Blue ? "blue" : "green";

    public static Side Parse(string text) => text == "green" ? Side.Green : Side.Blue;
}
