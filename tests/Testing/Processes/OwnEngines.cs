namespace McpLedger.Testing.Processes;

/// <summary>Servers that tests start by themselves: Kafka, PostgreSQL, Elasticsearch, OpenSearch.</summary>
public static class OwnEngines
{
    /// <summary>Whether <c>MCPLEDGER_ENGINES=off</c> keeps them out: the tests that need one then skip, unless a setting of theirs names one that runs.</summary>
    public static bool AreOff => Environment.GetEnvironmentVariable("MCPLEDGER_ENGINES") == "off";
}
