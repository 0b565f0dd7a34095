using System.Data.Common;
using System.Text.RegularExpressions;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Services;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>The database: one pool of connections, and Marten's store of each side.</summary>
internal sealed partial class MartenStores : IAsyncDisposable
{
    /// <summary>Name of the daemon's one projection.</summary>
    public const string Across = "across";

    // A page of the daemon is one transaction; larger ones cost fewer round trips, and what they touch stays few.
    private const int DaemonPage = 5_000;
    private const int OperationsAtOnce = 2_000;
    private const int MostPrepared = 64;
    private readonly DocumentStore[] _stores;

    public MartenStores(MartenHomeOptions options)
    {
        if (!SchemaName().IsMatch(options.Schema))
        {
            throw new ArgumentException($"'{options.Schema}' is no name of a schema. Write letters, digits and underscores, 57 at most, all lower case, no digit first.", nameof(options));
        }

        Schema = options.Schema;
        var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        connection.ApplicationName ??= "mcpledger";

        // A batch repeats few statements many times; each is planned once a connection, unless the operator decided otherwise.
        if (!new DbConnectionStringBuilder { ConnectionString = options.ConnectionString }.ContainsKey("Max Auto Prepare"))
        {
            connection.MaxAutoPrepare = MostPrepared;
        }

        ConnectionString = connection.ConnectionString;
        Source = new NpgsqlDataSourceBuilder(ConnectionString).Build();
        _stores = [StoreOf(Side.Blue), StoreOf(Side.Green)];
    }

    public string Schema { get; }

    public string ConnectionString { get; }

    public NpgsqlDataSource Source { get; }

    /// <summary>Where Marten's daemon says what it does.</summary>
    public ILogger DaemonLog { get; init; } = NullLogger.Instance;

    public DocumentStore Of(Side side) => _stores[(int)side];

    public string SchemaOf(Side side) => $"{Schema}_{side.Text()}";

    /// <summary>Name of the table of a fold's documents.</summary>
    public string TableOf(Side side, string fold) => $"{SchemaOf(side)}.mt_doc_{fold}";

    /// <summary>The side in force.</summary>
    public async ValueTask<Side> ActiveAsync(CancellationToken cancellationToken)
    {
        await using var command = Source.CreateCommand($"SELECT active FROM {Schema}.home");
        return SideNames.Parse((string)(await command.ExecuteScalarAsync(cancellationToken) ?? throw Faults.NoSchema()));
    }

    /// <summary>How far the views of a side are.</summary>
    public async ValueTask<IReadOnlyDictionary<string, ViewPosition>> PositionsAsync(Side side, CancellationToken cancellationToken)
    {
        await using var command = Source.CreateCommand($"SELECT partition, next, events, micros FROM {SchemaOf(side)}.position");
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var positions = new Dictionary<string, ViewPosition>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellationToken))
        {
            positions.Add(rows.GetString(0), new(rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3)));
        }

        return positions;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        await Source.DisposeAsync();
    }

    private DocumentStore StoreOf(Side side) => DocumentStore.For(options =>
    {
        var schema = SchemaOf(side);
        options.Connection(Source);
        options.DatabaseSchemaName = schema;
        options.AutoCreateSchemaObjects = AutoCreate.None;
        options.DisableNpgsqlLogging = true;
        options.UpdateBatchSize = OperationsAtOnce;

        // Trying again is the consumer's, which knows the batch; inside a transaction it would be in vain.
        options.ConfigurePolly(_ => { });
        options.ConfigureWritePolly(_ => { });

        var json = new SystemTextJsonSerializer();
        json.Configure(o =>
        {
            foreach (var fold in ViewFold.All)
            {
                o.Converters.Add(fold.Converter);
            }
        });
        options.Serializer(json);

        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        options.Events.EnableUniqueIndexOnEventId = true;
        options.Events.EnableBigIntEvents = true;
        options.Events.UseBinarySerializer<LedgerEntry>(new LedgerEntrySerializer());
        options.Events.MapEventType<LedgerEntry>("ledger");

        options.Policies.DisableInformationalFields();
        Documents(options);

        options.Projections.Add(new FoldProjection(ViewFold.OfOneSession), ProjectionLifecycle.Inline, "session");
        options.Projections.Add(new FoldProjection(ViewFold.AcrossSessions), ProjectionLifecycle.Async, Across, a => a.BatchSize = DaemonPage);
        options.Projections.Add(new SessionHistory(), ProjectionLifecycle.Live);
        options.Projections.AsyncMode = DaemonMode.Solo;
        options.Projections.Errors.SkipApplyErrors = false;
        options.Projections.Errors.SkipSerializationErrors = false;
        options.Projections.Errors.SkipUnknownEvents = false;

        options.Storage.ExtendedSchemaObjects.Add(Position(schema));
        if (side == Side.Blue)
        {
            options.Storage.ExtendedSchemaObjects.Add(Home(Schema));
        }
    });

    private static void Documents(StoreOptions options)
    {
        options.Schema.For<CallDocument>().DocumentAlias("calls")
            .Duplicate(d => d.Started, pgType: "bigint", notNull: true).Duplicate(d => d.Session, pgType: "varchar", notNull: true)
            .Duplicate(d => d.Server, pgType: "varchar", notNull: true).Duplicate(d => d.Method!, pgType: "varchar").Duplicate(d => d.Name!, pgType: "varchar")
            .Duplicate(d => d.Principal, pgType: "varchar", notNull: true).Duplicate(d => d.Outcome, pgType: "varchar", notNull: true);
        options.Schema.For<LateAnswerDocument>().DocumentAlias("late_answers");
        options.Schema.For<SessionDocument>().DocumentAlias("sessions").Duplicate(d => d.Last, pgType: "bigint", notNull: true);
        options.Schema.For<PrincipalDocument>().DocumentAlias("principals").Duplicate(d => d.Last, pgType: "bigint", notNull: true);
        options.Schema.For<ToolDocument>().DocumentAlias("tools").Duplicate(d => d.Server, pgType: "varchar", notNull: true).Duplicate(d => d.Changed, pgType: "boolean", notNull: true)
            .Duplicate(d => d.Withheld, pgType: "boolean", notNull: true);
        options.Schema.For<DefinitionDocument>().DocumentAlias("definitions");
        options.Schema.For<KeyDocument>().DocumentAlias("keys");
        options.Schema.For<FindingDocument>().DocumentAlias("findings")
            .Duplicate(d => d.Raised, pgType: "bigint", notNull: true).Duplicate(d => d.State, pgType: "varchar", notNull: true).Duplicate(d => d.Detector, pgType: "varchar", notNull: true)
            .Duplicate(d => d.Severity, pgType: "varchar", notNull: true).Duplicate(d => d.Session!, pgType: "varchar").Duplicate(d => d.Principal!, pgType: "varchar").Duplicate(d => d.Server!, pgType: "varchar");
        options.Schema.For<PartitionDocument>().DocumentAlias("partitions");
        options.Schema.For<WriterDocument>().DocumentAlias("writers").Duplicate(d => d.Last, pgType: "bigint", notNull: true);
        options.Policies.ForAllDocuments(document =>
        {
            foreach (var columns in IndexesOf(document.Alias))
            {
                document.Indexes.Add(new IndexDefinition($"mt_doc_{document.Alias}_{columns[0]}") { Columns = columns });
            }
        });
    }

    // Lists are pages by (moment, key), of everything or of what one column says. Servers and methods are few: a page of one is found on the way through time.
    private static string[][] IndexesOf(string alias) => alias switch
    {
        "calls" =>
        [
            ["started", "id"], ["session", "started", "id"], ["name", "started", "id"], ["principal", "started", "id"], ["outcome", "started", "id"],
        ],
        "findings" => [["raised", "id"], ["state", "raised", "id"], ["session", "raised", "id"]],
        "sessions" or "principals" or "writers" => [["last", "id"]],
        _ => [],
    };

    private static Table Position(string schema)
    {
        var table = new Table($"{schema}.position");
        table.AddColumn("partition", "varchar").AsPrimaryKey();
        table.AddColumn("next", "bigint").NotNull();
        table.AddColumn("events", "bigint").NotNull();
        table.AddColumn("micros", "bigint").NotNull();
        return table;
    }

    private static Table Home(string schema)
    {
        var table = new Table($"{schema}.home");
        table.AddColumn("one", "boolean").AsPrimaryKey();
        table.AddColumn("active", "varchar").NotNull();
        table.AddColumn("version", "integer").NotNull();
        return table;
    }

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,56}$", RegexOptions.CultureInvariant)]
    private static partial Regex SchemaName();
}
