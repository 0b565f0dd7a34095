using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Projections.Homes.Marten;

namespace McpLedger.Host.Commands;

/// <summary><c>schema</c>: the tables of the read models in PostgreSQL. Nothing changes them by itself.</summary>
internal static class SchemaCommand
{
    public static Command Create() => new("schema", "The read models' tables in PostgreSQL: look at what would change, change it, check it.") { Diff(), Apply(), Check() };

    private static Command Diff() => new Command("diff", "Print the SQL that is missing, to be read before it is applied. Exit code 1 when there is any.").RunsHere((parsed, terminal, cancellationToken) =>
        WithSchemaAsync(parsed, terminal, async schema =>
        {
            var sql = await schema.DiffAsync(cancellationToken);
            terminal.Document(new { Sql = sql });
            terminal.Line(sql.Length == 0 ? "the database has what this version needs" : sql);
            return sql.Length == 0 ? ExitCode.Ok : ExitCode.Finding;
        }));

    private static Command Apply() => new Command("apply", "Make what is missing. What would lose data is refused.").RunsHere((parsed, terminal, cancellationToken) =>
        WithSchemaAsync(parsed, terminal, async schema =>
        {
            var changed = await schema.ApplyAsync(cancellationToken);
            terminal.Document(new { Changed = changed });
            terminal.Line(changed ? "the database has now what this version needs" : "nothing was missing");
            return ExitCode.Ok;
        }));

    private static Command Check() => new Command("check", "Say whether the database has what this version needs. Exit code 1 when it has not.").RunsHere((parsed, terminal, cancellationToken) =>
        WithSchemaAsync(parsed, terminal, async schema =>
        {
            var fault = await schema.CheckAsync(cancellationToken);
            terminal.Document(new { Sound = fault is null, Fault = fault?.Message });
            terminal.Line(fault?.Message ?? "the database has what this version needs");
            return fault is null ? ExitCode.Ok : ExitCode.Finding;
        }));

    private static async Task<int> WithSchemaAsync(ParseResult parsed, Terminal terminal, Func<MartenSchema, Task<int>> use)
    {
        var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Projections);
        if (read.Config is not { } config)
        {
            return Faults.Say(terminal, read);
        }

        if (config.File.Postgres is null)
        {
            terminal.Error("mcpledger: this configuration has no postgres section: its read models are SQLite and make their tables themselves.");
            return ExitCode.Usage;
        }

        try
        {
            await using var schema = new MartenSchema(StoreMapping.ToMarten(config));
            return await use(schema);
        }
        catch (IOException e)
        {
            terminal.Error($"mcpledger: {e.Message}");
            return ExitCode.Unavailable;
        }
    }
}
