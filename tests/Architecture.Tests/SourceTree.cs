using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace McpLedger.Architecture.Tests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class SourceTree
{
    private static readonly string[] NotSources = ["/artifacts/", "/.tools/", "/node_modules/", "/.git/", "/.data/", "/bin/", "/obj/"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<Project> Projects { get; } =
        [.. Files("*.csproj").Select(path => new Project(path, XDocument.Load(path))).OrderBy(project => project.Folder, StringComparer.Ordinal)];

    /// <summary>The projects that ship: everything outside <c>tests/</c>.</summary>
    public static IEnumerable<Project> Product => Projects.Where(project => !project.Folder.StartsWith("tests/", StringComparison.Ordinal));

    public static IEnumerable<string> Files(string pattern) =>
        Directory.EnumerateFiles(Root, pattern, SearchOption.AllDirectories)
            .Where(path => !NotSources.Any(part => path.Replace('\\', '/').Contains(part, StringComparison.Ordinal)));

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot([CallerFilePath] string here = "")
    {
        // Deterministic builds may map source paths away; then the binary's own place is the way up.
        foreach (var start in new[] { Path.GetDirectoryName(here)!, AppContext.BaseDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "McpLedger.sln")))
                {
                    return folder.FullName;
                }
            }
        }

        throw new InvalidOperationException("These tests read the sources: run them inside a checkout.");
    }
}

/// <summary>One project file.</summary>
internal sealed record Project(string Path, XDocument Xml)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string Folder => SourceTree.Relative(System.IO.Path.GetDirectoryName(Path)!);

    public IEnumerable<string> References => Xml.Descendants("ProjectReference").Select(item => System.IO.Path.GetFileNameWithoutExtension(item.Attribute("Include")!.Value.Replace('\\', '/')));

    public IEnumerable<string> Packages => Xml.Descendants("PackageReference").Select(item => item.Attribute("Include")!.Value);

    public override string ToString() => Name;
}
