namespace McpLedger.Architecture.Tests;

/// <summary>Who may know whom, and what each may bring in from outside.</summary>
public sealed class ProjectTests
{
    // The arrows between the rooms. Anything that is not here is forbidden.
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["McpLedger.Contracts"] = [],
        ["McpLedger.Detectors"] = [],
        // Beside the detectors: rows in, model folder and scoreboard out. It is part of the product, so that a customer can retrain, and no room on the request path knows it.
        ["McpLedger.Detectors.Training"] = ["McpLedger.Detectors"],
        ["McpLedger.Streaming"] = ["McpLedger.Contracts"],
        ["McpLedger.Gateway"] = ["McpLedger.Contracts", "McpLedger.Streaming", "McpLedger.Detectors"],
        ["McpLedger.Stages"] = ["McpLedger.Contracts", "McpLedger.Streaming", "McpLedger.Detectors"],
        ["McpLedger.Projections"] = ["McpLedger.Contracts", "McpLedger.Streaming"],
        ["McpLedger.Host"] = ["McpLedger.Contracts", "McpLedger.Detectors", "McpLedger.Detectors.Training", "McpLedger.Streaming", "McpLedger.Gateway", "McpLedger.Stages", "McpLedger.Projections", "McpLedger.SampleServer"],
        ["McpLedger.SampleServer"] = [],
        ["McpLedger.Balancer"] = [],
    };

    private static readonly Dictionary<string, string[]> Packages = new()
    {
        ["McpLedger.Contracts"] = ["NSec.Cryptography"],
        // The second stage runs an ONNX encoder on word pieces; training is Microsoft.ML's and stays out of the request path.
        ["McpLedger.Detectors"] = ["Microsoft.ML.OnnxRuntime", "Microsoft.ML.Tokenizers"],
        ["McpLedger.Detectors.Training"] = ["Microsoft.ML", "Microsoft.ML.FastTree", "Microsoft.ML.LightGbm"],
        ["McpLedger.Streaming"] = ["Confluent.Kafka", "librdkafka.redist"],
        ["McpLedger.Stages"] = [],
        ["McpLedger.Gateway"] = ["Yarp.ReverseProxy"],
        ["McpLedger.Projections"] = ["Marten", "Microsoft.Data.Sqlite", "Npgsql"],
        ["McpLedger.Host"] =
        [
            "Microsoft.AspNetCore.OpenApi", "ModelContextProtocol", "OpenTelemetry.Exporter.OpenTelemetryProtocol", "OpenTelemetry.Extensions.Hosting",
            "OpenTelemetry.Instrumentation.AspNetCore", "OpenTelemetry.Instrumentation.Http", "OpenTelemetry.Instrumentation.Runtime", "Spectre.Console",
            "System.CommandLine", "YamlDotNet",
        ],
        ["McpLedger.SampleServer"] = ["ModelContextProtocol.AspNetCore"],
        ["McpLedger.Balancer"] = ["Yarp.ReverseProxy"],
    };

    [Fact]
    public void Every_project_reference_is_one_of_the_arrows()
    {
        var forbidden =
            from project in SourceTree.Product
            from reference in project.References
            where !Arrows.TryGetValue(project.Name, out var allowed) || !allowed.Contains(reference)
            select $"{project.Name} → {reference}";

        Assert.Empty(forbidden);
    }

    [Fact]
    public void Every_product_project_has_its_arrows_and_packages_written_down() =>
        Assert.Empty(SourceTree.Product.Select(project => project.Name).Where(name => !Arrows.ContainsKey(name) || !Packages.ContainsKey(name)));

    [Fact]
    public void No_project_brings_in_a_package_that_is_not_on_its_list()
    {
        var foreign =
            from project in SourceTree.Product
            from package in project.Packages
            where !Packages.TryGetValue(project.Name, out var allowed) || !allowed.Contains(package)
            select $"{project.Name} → {package}";

        Assert.Empty(foreign);
    }

    [Fact]
    public void Compiled_rooms_reference_no_room_that_the_arrows_forbid()
    {
        // A reference that comes transitively compiles as well as a written one; the assembly's own list shows what is used.
        var forbidden =
            from room in Rooms.Assemblies
            from reference in room.GetReferencedAssemblies()
            where reference.Name!.StartsWith("McpLedger.", StringComparison.Ordinal) && !Arrows[Rooms.ProjectOf(room)].Contains(reference.Name)
            select $"{room.GetName().Name} → {reference.Name}";

        Assert.Empty(forbidden);
    }

    [Fact]
    public void Contracts_uses_only_the_base_library_and_NSec()
    {
        var foreign = Rooms.Contracts.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("netstandard" or "NSec.Cryptography" or "Microsoft.Win32.Primitives"));

        Assert.Empty(foreign);
    }

    [Fact]
    public void The_top_level_of_the_repository_is_the_written_layout()
    {
        string[] layout =
        [
            ".ci", ".editorconfig", ".gitattributes", ".github", ".gitignore", "BannedSymbols.txt", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "LICENSE",
            "McpLedger.sln", "README.md", "bench.sh", "compose", "detectors", "gateway", "global.json", "mcpledger", "mcpledger.schema.json", "pipeline", "projections", "test.sh", "tests",
        ];
        string[] unversioned = [".git", ".tools", ".data", ".vs", "artifacts"];
        var others = Directory.EnumerateFileSystemEntries(SourceTree.Root).Select(path => Path.GetFileName(path)!).Except(layout).Except(unversioned);

        Assert.Empty(others);
    }

    [Fact]
    public void No_folder_is_named_after_a_kind_of_class()
    {
        string[] kinds = ["Services", "Helpers", "Utils", "Utilities", "Common", "Core", "Shared", "Managers", "Interfaces", "Models", "Extensions"];
        var folders = SourceTree.Files("*.cs").Select(path => Path.GetDirectoryName(SourceTree.Relative(path))!).Distinct()
            .Where(folder => folder.Split('/', '\\').Intersect(kinds).Any());

        Assert.Empty(folders);
    }

    [Fact]
    public void No_source_file_is_longer_than_five_hundred_lines()
    {
        var longer = SourceTree.Files("*.cs").Where(path => File.ReadLines(path).Count() > 500).Select(SourceTree.Relative);

        Assert.Empty(longer);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(SourceTree.Root, "McpLedger.sln"));

        Assert.Empty(SourceTree.Projects.Where(project => !solution.Contains($"{project.Name}.csproj", StringComparison.Ordinal)));
    }
}
