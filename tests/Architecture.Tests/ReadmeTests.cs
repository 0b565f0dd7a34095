using System.Reflection;
using System.Text.RegularExpressions;

namespace McpLedger.Architecture.Tests;

/// <summary>READMEs name nothing that does not exist.</summary>
public sealed partial class ReadmeTests
{
    // Names in backticks that look like types of ours and are somebody else's.
    private static readonly HashSet<string> NotOurs =
    [
        "TimeProvider", "FakeTimeProvider", "HttpClient", "HttpMessageInvoker", "SocketsHttpHandler", "JsonSerializer", "JsonDocument", "Utf8JsonReader", "Utf8JsonWriter", "DateTime", "DateTimeOffset",
        "RandomAccess", "LibraryImport", "LoggerMessage", "GeneratedRegex", "CallerFilePath", "FileStream", "ArrayPool", "CancellationToken", "BackgroundService", "IHostedService", "ILogger", "ValueTask",
        "PowerOfTwoChoices", "RoundRobin", "LeastRequests", "FirstAlphabetical", "McpClient", "McpServer", "HttpClientTransport", "StdioClientTransport", "ActivityTimeout", "IHttpForwarder", "HttpForwarder",
        "AddReverseProxy", "ForwarderError", "ReadOnlyMemory", "ReadOnlySpan", "TaskCompletionSource", "SemaphoreSlim", "ContentLength", "MapMcp", "TestServer", "TargetFramework", "WebApplication",
        "IForwarderHttpClientFactory", "FlushToDisk", "FileSystemWatcher", "PublicApi", "BenchmarkDotNet", "CsCheck", "SharpFuzz", "PartialRecord", "OpenTelemetry", "DataProtection", "InternalsVisibleTo", "PackageReference",
        "ConcurrentDictionary", "FrozenDictionary", "SearchValues", "SslStream", "NetworkStream", "PipeReader", "PipeWriter", "IAsyncEnumerable", "BoundedChannelOptions",
    ];

    private static readonly Lazy<HashSet<string>> Names = new(Declared);

    public static TheoryData<string> Readmes => [.. SourceTree.Files("README.md").Select(SourceTree.Relative)];

    [Theory, MemberData(nameof(Readmes))]
    public void Types_that_a_readme_names_exist(string readme)
    {
        var unknown = InBackticks().Matches(WithoutCode(File.ReadAllText(Path.Combine(SourceTree.Root, readme))))
            .Select(match => match.Groups[1].Value)
            .Where(name => LooksLikeAType().IsMatch(name))
            .SelectMany(name => name.Split('.').Where(part => LooksLikeAType().IsMatch(part)))
            .Where(name => !Names.Value.Contains(name) && !NotOurs.Contains(name))
            .Distinct();

        Assert.Empty(unknown);
    }

    [Theory, MemberData(nameof(Readmes))]
    public void Files_that_a_readme_links_exist(string readme)
    {
        var folder = Path.GetDirectoryName(Path.Combine(SourceTree.Root, readme))!;
        var dead = Links().Matches(WithoutCode(File.ReadAllText(Path.Combine(SourceTree.Root, readme))))
            .Select(match => match.Groups[1].Value.Split('#')[0])
            .Where(link => link.Length > 0 && !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(link => !Path.Exists(Path.Combine(folder, link)));

        Assert.Empty(dead);
    }

    private static HashSet<string> Declared()
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var types = Rooms.Assemblies.SelectMany(room => room.GetTypes()).ToArray();
        var names = types.Select(type => type.Name.Split('`')[0])
            .Concat(types.SelectMany(type => type.GetMembers(All)).Select(member => member.Name))
            .Concat(SourceTree.Projects.SelectMany(project => project.Name.Split('.')))
            .ToHashSet(StringComparer.Ordinal);

        // What is not compiled into a room (tests, servers, benchmarks) is found by its declaration.
        foreach (var path in SourceTree.Files("*.cs"))
        {
            foreach (Match match in Declaration().Matches(File.ReadAllText(path)))
            {
                names.Add(match.Groups[1].Value);
            }
        }

        return names;
    }

    private static string WithoutCode(string markdown) => Fence().Replace(markdown, string.Empty);

    [GeneratedRegex(@"`([A-Za-z][A-Za-z0-9_.]*)(?:<[^`]*>)?(?:\(.*?\))?`", RegexOptions.None, 1000)]
    private static partial Regex InBackticks();

    // Two humps at least: `Contracts` is a word, `ChainWriter` a type.
    [GeneratedRegex(@"^I?[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+$|^[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9.]+$", RegexOptions.None, 1000)]
    private static partial Regex LooksLikeAType();

    [GeneratedRegex(@"\b(?:class|struct|record|interface|enum)\s+(?:struct\s+|class\s+)?([A-Z]\w+)", RegexOptions.None, 1000)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)\s]+)\)", RegexOptions.None, 1000)]
    private static partial Regex Links();
}
