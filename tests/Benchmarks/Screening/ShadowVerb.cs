using System.IO.Compression;
using System.Text;
using System.Text.Json;
using McpLedger.Detectors.Shadowing;
using McpLedger.Detectors.Text;

namespace McpLedger.Benchmarks.Screening;

/// <summary><c>./bench.sh shadows</c>: how often tools of honest servers that stand side by side are taken for shadows of one another, all at once and ten servers at a time.</summary>
internal static class ShadowVerb
{
    private const int Draws = 200;
    private const int Together = 10;
    private static readonly string[] Sets = ["livemcp_tools", "docker_tools"];

    public static Task<int> RunAsync(Options options)
    {
        var folder = options.Required("data", "the folder that has dev/*.jsonl.gz");
        var tools = Sets.SelectMany(set => Load(Path.Combine(folder, "dev", $"{set}.jsonl.gz"))).ToArray();
        var servers = tools.GroupBy(tool => tool.Tool.Server).ToDictionary(each => each.Key, each => each.ToArray());
        Console.WriteLine($"{tools.Length} tools of {servers.Count} honest servers; tools with a finding, in a hundred");
        Console.WriteLine($"{"kind",-12} {"all at once",12} {$"{Together} servers",12}");
        var text = new MessageText(TextLimits.Default);
        var all = Count(tools, text);
        var random = new Random(1);
        var (some, seen) = (new int[all.Length], 0);
        for (var draw = 0; draw < Draws; draw++)
        {
            var chosen = servers.Keys.OrderBy(_ => random.Next()).Take(Together).SelectMany(server => servers[server]).ToArray();
            seen += chosen.Length;
            foreach (var (kind, count) in Count(chosen, text).Index())
            {
                some[kind] += count;
            }
        }

        foreach (var kind in Enum.GetValues<ShadowKind>())
        {
            Console.WriteLine($"{kind,-12} {100.0 * all[(int)kind] / tools.Length,12:0.00} {100.0 * some[(int)kind] / seen,12:0.00}");
        }

        if (options.Has("show"))
        {
            var shadows = new ToolShadows(tools.Select(each => each.Tool));
            foreach (var (tool, definition) in tools)
            {
                foreach (var shadow in Of(shadows, tool, definition, text).Where(shadow => shadow.Kind < ShadowKind.Reference))
                {
                    Console.WriteLine($"{shadow.Kind,-10} {tool.Server}/{tool.Tool} → {shadow.Other.Server}/{shadow.Other.Tool}");
                }
            }
        }

        return Task.FromResult(0);
    }

    private static int[] Count(IReadOnlyList<(ListedTool Tool, byte[] Definition)> tools, MessageText text)
    {
        var shadows = new ToolShadows(tools.Select(each => each.Tool));
        var counts = new int[Enum.GetValues<ShadowKind>().Length];
        foreach (var (tool, definition) in tools)
        {
            foreach (var kind in Of(shadows, tool, definition, text).Select(shadow => shadow.Kind).Distinct())
            {
                counts[(int)kind]++;
            }
        }

        return counts;
    }

    private static IReadOnlyList<ToolShadow> Of(ToolShadows shadows, ListedTool tool, byte[] definition, MessageText text)
    {
        var named = shadows.NamesOf(tool, text);
        text.Read(definition, TextChannel.Definition);
        return [.. named, .. shadows.ReferencesOf(tool, text)];
    }

    private static IEnumerable<(ListedTool Tool, byte[] Definition)> Load(string file)
    {
        using var lines = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (lines.ReadLine() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            var definition = row.RootElement.GetProperty("text").GetString()!;
            using var tool = JsonDocument.Parse(definition);
            if (tool.RootElement.TryGetProperty("name", out var name))
            {
                yield return (new(row.RootElement.GetProperty("family").GetString()!, name.GetString()!), Encoding.UTF8.GetBytes(definition));
            }
        }
    }
}
