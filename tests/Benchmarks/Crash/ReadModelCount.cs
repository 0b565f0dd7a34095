using Microsoft.Data.Sqlite;
using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Crash;

/// <summary>Counts rows of the calls read model in its file, without the code that wrote them.</summary>
internal static class ReadModelCount
{
    public static async Task<long> OfCallsAsync(McpLedgerInstance instance)
    {
        var file = Directory.EnumerateFiles(Path.Combine(instance.Data, "readmodels"), "*.sqlite").Single();
        await using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM calls";
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
