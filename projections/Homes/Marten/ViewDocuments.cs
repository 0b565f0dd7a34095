using McpLedger.Contracts.Search;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>A view as a document of Marten's: its JSON is the view's, what queries filter by stands in columns beside it.</summary>
public abstract class ViewDocument<TView>
    where TView : class
{
    /// <summary>The view's key, as PostgreSQL can keep it.</summary>
    public string Id { get; internal set; } = "";

    /// <summary>The view.</summary>
    public TView View { get; internal set; } = null!;
}

/// <summary>A call.</summary>
public sealed class CallDocument : ViewDocument<CallView>
{
    /// <summary>When it began, microseconds since 1970 UTC.</summary>
    public long Started => QueryValues.Micros(View.Started);

    /// <summary>Id of the session.</summary>
    public string Session => StorableText.Key(View.Session);

    /// <summary>Server in the configuration.</summary>
    public string Server => StorableText.Key(View.Server);

    /// <summary>JSON-RPC method.</summary>
    public string? Method => StorableText.KeyOrNull(View.Method);

    /// <summary>Tool or prompt name, resource URI or task id.</summary>
    public string? Name => StorableText.KeyOrNull(View.Name);

    /// <summary>Who asked.</summary>
    public string Principal => StorableText.Key(View.Principal);

    /// <summary>How it ended.</summary>
    public string Outcome => View.Outcome;
}

/// <summary>Answers on a stream of their own.</summary>
public sealed class LateAnswerDocument : ViewDocument<LateAnswers>;

/// <summary>A session.</summary>
public sealed class SessionDocument : ViewDocument<SessionView>
{
    /// <summary>Its last event, microseconds since 1970 UTC.</summary>
    public long Last => QueryValues.Micros(View.Last);
}

/// <summary>A principal.</summary>
public sealed class PrincipalDocument : ViewDocument<PrincipalView>
{
    /// <summary>Its last event, microseconds since 1970 UTC.</summary>
    public long Last => QueryValues.Micros(View.Last);
}

/// <summary>A tool.</summary>
public sealed class ToolDocument : ViewDocument<ToolView>
{
    /// <summary>Server in the configuration.</summary>
    public string Server => StorableText.Key(View.Server);

    /// <summary>Whether it differs from what was pinned.</summary>
    public bool Changed => View.Changed;

    /// <summary>Whether it waits for an operator.</summary>
    public bool Withheld => View.Withheld;
}

/// <summary>The definition of a tool.</summary>
public sealed class DefinitionDocument : ViewDocument<ToolView>;

/// <summary>An API key.</summary>
public sealed class KeyDocument : ViewDocument<KeyView>;

/// <summary>A finding.</summary>
public sealed class FindingDocument : ViewDocument<FindingView>
{
    /// <summary>When it was raised, microseconds since 1970 UTC.</summary>
    public long Raised => QueryValues.Micros(View.Raised);

    /// <summary>What an analyst made of it.</summary>
    public string State => StorableText.Key(View.State);

    /// <summary>The detector.</summary>
    public string Detector => StorableText.Key(View.Detector);

    /// <summary>How much it matters.</summary>
    public string Severity => View.Severity;

    /// <summary>The session.</summary>
    public string? Session => StorableText.KeyOrNull(View.Session);

    /// <summary>The principal.</summary>
    public string? Principal => StorableText.KeyOrNull(View.Principal);

    /// <summary>The server.</summary>
    public string? Server => StorableText.KeyOrNull(View.Server);
}

/// <summary>A partition of the ledger.</summary>
public sealed class PartitionDocument : ViewDocument<PartitionView>;

/// <summary>A writer.</summary>
public sealed class WriterDocument : ViewDocument<WriterView>
{
    /// <summary>Its last sign of life, microseconds since 1970 UTC.</summary>
    public long Last => QueryValues.Micros(View.LastSign);
}
