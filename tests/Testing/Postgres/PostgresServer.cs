using System.Globalization;
using DotNet.Testcontainers.Builders;
using Npgsql;
using Testcontainers.PostgreSql;

namespace McpLedger.Testing.Postgres;

/// <summary>
/// One real PostgreSQL for all tests of an assembly, started when the first asks for it: the one that <c>MCPLEDGER_TEST_POSTGRES</c> names (a connection string whose role may create databases),
/// else a container where a Docker engine answers, else the distribution's own server.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Setting = "MCPLEDGER_TEST_POSTGRES";
    private const string Image = "postgres:15.14";

    private readonly SemaphoreSlim _starting = new(1, 1);
    private PostgreSqlContainer? _container;
    private LocalPostgres? _local;
    private string? _connection;
    private string? _reason;
    private int _databases;

    /// <summary>Makes a database of its own for a test.</summary>
    /// <returns>Its connection string, or null and the reason why there is no server.</returns>
    public async Task<(string? Connection, string? Reason)> NewDatabaseAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_connection is null && _reason is null)
            {
                (_connection, _reason) = await StartAsync();
            }

            return _connection is null ? (null, _reason) : (await CreateAsync(_connection, string.Create(CultureInfo.InvariantCulture, $"test_{Environment.ProcessId}_{_databases++}")), null);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_container is not null)
        {
            await _container.DisposeAsync();
        }

        if (_local is not null)
        {
            await _local.DisposeAsync();
        }

        _starting.Dispose();
    }

    internal static async Task<string> CreateAsync(string server, string database)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await using (var drop = source.CreateCommand($"DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
        {
            await drop.ExecuteNonQueryAsync();
        }

        await using var create = source.CreateCommand($"CREATE DATABASE {database}");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server) { Database = database }.ConnectionString;
    }

    private async Task<(string? Connection, string? Reason)> StartAsync()
    {
        if (Environment.GetEnvironmentVariable(Setting) is { Length: > 0 } configured)
        {
            return (configured, null);
        }

        string docker;
        try
        {
            _container = new PostgreSqlBuilder(Image).Build();
            await _container.StartAsync();
            return (_container.GetConnectionString(), null);
        }
        catch (DockerUnavailableException e)
        {
            docker = e.Message;
        }

        if (LocalPostgres.Missing is { } missing)
        {
            return (null, $"No PostgreSQL: {Setting} is not set, no Docker engine answers ({docker.Split('\n')[0]}), and {missing}.");
        }

        _local = await LocalPostgres.StartAsync();
        return (_local.Connection, null);
    }
}
