using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using McpLedger.Host.Clients;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Tests.Configuration;

/// <summary>Every configuration that a README shows can be copied and works.</summary>
public sealed partial class ExampleTests
{
    internal static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));

    public static TheoryData<string, string> Examples
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var readme in Directory.EnumerateFiles(Root(), "README.md", SearchOption.AllDirectories).Where(p => !p.Contains("node_modules", StringComparison.Ordinal) && !p.Contains("artifacts", StringComparison.Ordinal)))
            {
                foreach (Match block in Block().Matches(File.ReadAllText(readme)))
                {
                    data.Add($"{Path.GetRelativePath(Root(), readme)} {block.Groups["kind"].Value}", block.Groups["text"].Value);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Examples))]
    public void Each_example_is_read_without_a_complaint(string where, string text)
    {
        if (where.EndsWith("json", StringComparison.Ordinal))
        {
            if (text.Contains("ervers\"", StringComparison.Ordinal))
            {
                Assert.NotEmpty(Import.Plan(new(), McpServersJson.Read(text, out _)!, replace: false, static _ => null).Imported);
            }
            else
            {
                using var document = System.Text.Json.JsonDocument.Parse(text);
            }

            return;
        }

        // Files and variables of the reader's own machine are not here; everything else must hold.
        var faults = ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", text).Faults.Where(f => !f.Problem.Contains("cannot be read", StringComparison.Ordinal)
            && !f.Problem.Contains("is not set", StringComparison.Ordinal) && !f.Problem.StartsWith("there is no file", StringComparison.Ordinal));
        Assert.Empty(faults.Select(f => $"{where}: {f}"));
    }

    [Fact]
    public void There_are_examples() => Assert.NotEmpty(Examples);

    [GeneratedRegex("^```(?<kind>yaml|json)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Block();
}
