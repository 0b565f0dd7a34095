using System.Collections.Immutable;

namespace McpLedger.Contracts.Search;

/// <summary>A query, read and checked. A closed set: every engine compiles these nodes and no others.</summary>
public abstract record SearchQuery
{
    private SearchQuery()
    {
    }

    /// <summary>Writes the query in the query language: reading that gives the same query.</summary>
    public sealed override string ToString() => QueryText.Of(this);

    /// <summary>Every document.</summary>
    public sealed record Everything : SearchQuery;

    /// <summary>The terms, one right after the other, somewhere in the text.</summary>
    /// <param name="Terms">At least one.</param>
    /// <param name="Prefix">True when the last term is only a beginning.</param>
    public sealed record Words(ImmutableArray<string> Terms, bool Prefix) : SearchQuery;

    /// <summary>A value of a keyword field is this one.</summary>
    /// <param name="Field">A keyword field.</param>
    /// <param name="Value">As <see cref="SearchDocument.Keyword"/> makes it.</param>
    public sealed record Is(SearchField Field, string Value) : SearchQuery;

    /// <summary>A value of a keyword field starts so.</summary>
    /// <param name="Field">A keyword field.</param>
    /// <param name="Beginning">As <see cref="SearchDocument.Beginning"/> makes it; not empty.</param>
    public sealed record StartsWith(SearchField Field, string Beginning) : SearchQuery;

    /// <summary>The value of a numeric field lies between two, both included.</summary>
    /// <param name="Field">A numeric field.</param>
    /// <param name="Least">Smallest that matches; <see cref="long.MinValue"/> for any.</param>
    /// <param name="Most">Largest that matches; <see cref="long.MaxValue"/> for any.</param>
    public sealed record Between(SearchField Field, long Least, long Most) : SearchQuery;

    /// <summary>The field has a value.</summary>
    /// <param name="Field">Any field.</param>
    public sealed record Exists(SearchField Field) : SearchQuery;

    /// <summary>All of them match.</summary>
    /// <param name="Parts">At least two.</param>
    public sealed record All(ImmutableArray<SearchQuery> Parts) : SearchQuery;

    /// <summary>One of them matches.</summary>
    /// <param name="Parts">At least two.</param>
    public sealed record Any(ImmutableArray<SearchQuery> Parts) : SearchQuery;

    /// <summary>It does not match.</summary>
    /// <param name="Inner">What must not.</param>
    public sealed record Not(SearchQuery Inner) : SearchQuery;
}
