using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Search;

/// <summary>Gathers the values of one document.</summary>
internal sealed class DocumentFields
{
    private readonly List<FieldKeyword> _keywords = new(32);
    private readonly List<FieldNumber> _numbers = new(6);

    public SearchDocument Build(EventHeader header, TermList terms) => new(header.Id, header.Type, QueryValues.Micros(header.Time), [.. _keywords], [.. _numbers], terms.ToString());

    public void Add(SearchField field, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _keywords.Add(FieldKeyword.Of(field, value));
        }
    }

    public void Add(SearchField field, Digest? value) => Add(field, value?.ToString());

    public void Add(SearchField field, IEnumerable<string> values)
    {
        foreach (var value in values)
        {
            Add(field, value);
        }
    }

    public void Add(SearchField field, long? value)
    {
        if (value is { } number)
        {
            _numbers.Add(new(field, number));
        }
    }

    public void Add(EventHeader header)
    {
        Add(FieldCatalog.Id, header.Id.ToString());
        Add(FieldCatalog.Time, QueryValues.Micros(header.Time));
        Add(FieldCatalog.Type, header.Type);
        var version = header.Type.LastIndexOf(".v", StringComparison.Ordinal);
        Add(FieldCatalog.Type, version > 0 ? header.Type[..version] : null);
        Add(FieldCatalog.Source, header.Source);
        Add(FieldCatalog.Subject, header.Subject);
    }

    public void Add(Caller who)
    {
        Add(FieldCatalog.Principal, who.Principal);
        Add(FieldCatalog.Kind, who.Kind);
        Add(FieldCatalog.Team, who.Teams);
        Add(FieldCatalog.Agent, who.Agent);
        Add(FieldCatalog.Client, who.Client);
        Add(FieldCatalog.Authentication, who.Authentication);
    }

    public void Add(CallTarget what)
    {
        Add(FieldCatalog.Server, what.Server);
        Add(FieldCatalog.Message, what.Kind);
        Add(FieldCatalog.Method, what.Method);
        Add(FieldCatalog.Name, what.Name);
        Add(FieldCatalog.Tool, what.Method == "tools/call" ? what.Name : null);
        Add(FieldCatalog.Request, what.Id?.ToString());
        Add(FieldCatalog.Era, what.Era);
        Add(FieldCatalog.Protocol, what.Protocol);
        Add(FieldCatalog.Definition, what.Definition);
        Add(FieldCatalog.Hash, what.Arguments?.Sha256);
    }

    public void Add(DecisionRecord decision)
    {
        Add(FieldCatalog.Verdict, decision.Verdict == Verdict.Forwarded ? "forwarded" : "refused");
        Add(FieldCatalog.Rule, decision.Rules);
        Add(FieldCatalog.Policy, decision.Policy);
    }

    public void Add(Place where)
    {
        Add(FieldCatalog.Session, where.Session.Id);
        Add(FieldCatalog.Peer, where.Peer);
        Add(FieldCatalog.Trace, where.Trace);
        Add(FieldCatalog.Upstream, where.Upstream);
    }
}
