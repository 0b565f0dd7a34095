using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>Commands on a connection. What they are made of beside their parameters are names of schemas, which <see cref="MartenStores"/> checked, and words of this room.</summary>
internal static class Sql
{
    [SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "Names of schemas are checked at start; values are parameters.")]
    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
