using System.Collections.Immutable;

namespace McpLedger.Host.Configuration;

/// <summary>
/// The other replicas: by instance name, each with its base address; or <c>dns:</c> and one base address whose host's name leads to all of them,
/// which are then asked for their names. Only plain HTTP can be found so: a certificate names a host, and here many share one.
/// </summary>
/// <param name="Named">Instance names with addresses.</param>
/// <param name="Dns">The address whose host is looked up again and again; null when they are listed.</param>
internal sealed record PeersValue(ImmutableDictionary<string, Uri> Named, Uri? Dns)
{
    private const string Mark = "dns:";

    public static PeersValue None { get; } = new(ImmutableDictionary<string, Uri>.Empty, null);

    /// <returns>Null when the text is no <c>dns:http://name:port</c>.</returns>
    public static PeersValue? OfText(string text) =>
        text.StartsWith(Mark, StringComparison.Ordinal) && Scalars.Address(text[Mark.Length..]) is { Scheme: "http", PathAndQuery: "/" } address ? new(None.Named, address) : null;

    public string? Text => Dns is null ? null : Mark + Dns.OriginalString;

    public bool Equals(PeersValue? other) => other is not null && Equals(Dns, other.Dns) && Named.Count == other.Named.Count
        && Named.All(n => other.Named.TryGetValue(n.Key, out var uri) && uri == n.Value);

    public override int GetHashCode() => HashCode.Combine(Dns, Named.Count);
}
