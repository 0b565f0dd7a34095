using System.Buffers;
using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Where Elasticsearch or OpenSearch is, and how events lie in it.</summary>
public sealed record ElasticOptions
{
    private const int LongestPrefix = 63;
    private const int FingerprintDigits = 64;
    private static readonly SearchValues<char> PrefixSigns = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Addresses of its nodes: <c>https://search-1:9200</c>. A request that one does not answer goes to the next.</summary>
    public required IReadOnlyList<Uri> Nodes { get; init; }

    /// <summary>User for basic authentication; null for none.</summary>
    public string? User { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>API key as the engine encodes it, base64 of <c>id:key</c>; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>PEM file of the authorities that certificates must come from; null for the machine's own.</summary>
    public string? CaFile { get; init; }

    /// <summary>SHA-256 of the one certificate that is accepted, 64 hexadecimal digits, whatever name it carries; null for none.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>What the names of all indices begin with, and the alias that searches go to.</summary>
    public string Prefix { get; init; } = "mcpledger";

    /// <summary>Stretch of time that one index holds. A change takes effect with the next reindexing.</summary>
    public ElasticSpan Span { get; init; } = ElasticSpan.Day;

    /// <summary>Age at which whole indices are deleted; null to keep them.</summary>
    public TimeSpan? Keep { get; init; }

    /// <summary>Primary shards of an index.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Replicas of each shard.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Partitions that are indexed.</summary>
    public IReadOnlyList<LedgerPartition> Partitions { get; init; } = [LedgerPartition.Calls, LedgerPartition.Control];

    /// <summary>Bytes of records indexed between two keepings of the position.</summary>
    public int MaxBatchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long a record may wait for others to be indexed with: a batch costs more than the records in it.</summary>
    public TimeSpan Gathering { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after its event a claim check may still be on its way here from another machine; zero where blobs are written here.</summary>
    public TimeSpan ClaimCheckPatience { get; init; }

    /// <summary>Bytes of one bulk request; a single larger document passes.</summary>
    public int MaxRequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Most bytes of an answer; a longer one is no answer.</summary>
    public int MaxAnswerBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Longest time that one try of a request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is tried again before it has failed.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Everything that is wrong with the options, each with its fix; empty when nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        Check(Nodes.Count > 0, "nodes: there is none. Write at least one address, https://search:9200.");
        foreach (var node in Nodes)
        {
            Check(
                node.IsAbsoluteUri && node.Scheme is "http" or "https" && node.UserInfo.Length == 0 && node.Query.Length == 0 && node.Fragment.Length == 0,
                $"nodes: '{(node.IsAbsoluteUri ? node.Host : node)}' is no plain http or https address. Credentials go into user and password, or apiKey.");
        }

        Check(User is null == Password is null, "user and password: only one of them is there. Write both, or neither.");
        Check(User is null || ApiKey is null, "apiKey: there is a user, too. Write one way to authenticate.");
        Check(IsHeader(User) && IsHeader(Password) && IsHeader(ApiKey), "user, password or apiKey: it has control characters. Take line ends out of the file it comes from.");
        Check(User?.Contains(':', StringComparison.Ordinal) is not true, "user: a name with ':' cannot be sent. Choose another user.");
        Check((CaFile ?? Fingerprint) is null || Nodes.All(n => n.Scheme == "https"), "caFile and fingerprint: a node's address is not https. Write https, or take them out.");
        Check(
            Fingerprint is null || (Fingerprint.Replace(":", "", StringComparison.Ordinal) is { Length: FingerprintDigits } digits && digits.All(char.IsAsciiHexDigit)),
            "fingerprint: it is no SHA-256. Write the 64 hexadecimal digits that openssl x509 -fingerprint -sha256 prints.");
        Check(
            Prefix is { Length: > 0 and <= LongestPrefix } && char.IsAsciiLetterOrDigit(Prefix[0]) && !Prefix.AsSpan().ContainsAnyExcept(PrefixSigns),
            $"prefix: '{Prefix}' cannot begin a name. Write at most {LongestPrefix} lower-case letters, digits, hyphens and underscores, a letter or digit first.");
        Check(!EndsLikeGeneration(Prefix), $"prefix: '{Prefix}' ends like the generation of another. Write another end than -g and digits.");
        Check(Keep is null || Keep > TimeSpan.Zero, "keep: it is not a positive time. Write 90d, or leave it out to keep everything.");
        Check(Shards is > 0 and <= 1024, "shards: write 1 to 1024.");
        Check(Replicas is >= 0 and <= 100, "replicas: write 0 to 100.");
        Check(MaxBatchBytes > 0 && MaxRequestBytes > 0 && MaxAnswerBytes > 0, "bytes of batch, request and answer: they must be positive.");
        Check(RequestTimeout > TimeSpan.Zero && Retries is >= 0 and <= 20, "timeout must be positive and retries 0 to 20.");
        return faults;

        void Check(bool holds, string fault)
        {
            if (!holds)
            {
                faults.Add(fault);
            }
        }
    }

    /// <summary>Whether a prefix reads like the generation of a shorter one, whose indices its own would be taken for.</summary>
    public static bool EndsLikeGeneration(string prefix) => prefix.LastIndexOf("-g", StringComparison.Ordinal) is >= 0 and var at && prefix.AsSpan(at + 2) is { IsEmpty: false } end && !end.ContainsAnyExceptInRange('0', '9');

    private static bool IsHeader(string? value) => value is null || !value.Any(char.IsControl);
}

/// <summary>Stretch of time that one index holds, in UTC.</summary>
public enum ElasticSpan
{
    /// <summary>A day: from a million calls a day on.</summary>
    Day = 0,

    /// <summary>A month: fewer shards where there is little to hold.</summary>
    Month = 1,
}
