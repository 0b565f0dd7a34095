using System.Data.Common;
using JasperFx;
using Marten.Exceptions;
using Npgsql;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>What PostgreSQL and Marten throw, as the consumer understands it: lost infrastructure is tried again, a record that cannot be stored is parked.</summary>
internal static class Faults
{
    private const string DataException = "22";
    private const string LimitExceeded = "54";

    public static bool IsOfDatabase(Exception e) => e is NpgsqlException or MartenException or ConcurrencyException or AggregateException { InnerException: NpgsqlException or MartenException };

    /// <summary>What to throw instead.</summary>
    public static Exception Of(Exception e) => Cause(e) switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.UndefinedColumn } => NoSchema(),
        PostgresException cause when cause.SqlState.StartsWith(DataException, StringComparison.Ordinal) || cause.SqlState.StartsWith(LimitExceeded, StringComparison.Ordinal) =>
            new InvalidDataException($"PostgreSQL cannot store it: {cause.MessageText}", e),
        { } cause => new IOException($"PostgreSQL: {cause.Message}", e),
        null => new IOException($"PostgreSQL: {e.Message}", e),
    };

    public static IOException NoSchema() => new("The database lacks the tables of the read models, or has others. Run `mcpledger schema diff` to see which, and `mcpledger schema apply` to make them.");

    private static DbException? Cause(Exception? e) => e switch
    {
        null => null,
        PostgresException cause => cause,
        _ => Cause(e.InnerException) ?? e as DbException,
    };
}
