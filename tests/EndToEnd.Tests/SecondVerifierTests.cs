using System.Text.Json.Nodes;
using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Processes;

namespace McpLedger.EndToEnd.Tests;

/// <summary>A proof needs nothing of ours (I8): a verifier that shares no line with the product comes to the same about a real ledger and about copies that were tampered with.</summary>
[Collection(BackstageCollection.Name)]
public sealed class SecondVerifierTests(Backstage backstage)
{
    private const string NoNode = "Node.js is not on the PATH and tests/install-node.sh was not run.";
    private static readonly string Script = Path.Combine(Built.Checkout, "tests", "EndToEnd.Tests", "Independent", "verify.mjs");

    [Fact]
    public async Task A_real_ledger_verifies_and_each_tampering_is_found()
    {
        var node = FindNode();
        Assert.SkipWhen(node is null, NoNode);
        await using var gateway = await GatewayUnderTest.StartAsync("sample", backstage.Sample);
        using var wire = gateway.Wire("sample");
        for (var i = 1; i <= 40; i++)
        {
            await wire.CallAsync(i, "count_words", """{"text":"one two"}""");
        }

        await SealedAsync(gateway.Instance);
        await gateway.Instance.Process.StopAsync();
        var keys = await File.ReadAllLinesAsync(Path.Combine(gateway.Instance.Data, "keys", "signing.vkey"));
        foreach (var partition in new[] { "calls-0", "control-0" })
        {
            var (sound, whole) = await VerifyAsync(node!, gateway.Instance.Data, partition, keys);
            Assert.True(sound == 0, whole.ToJsonString());
            Assert.True((int)whole["records"]! > 0 && (int)whole["size"]! > 0, whole.ToJsonString());
        }

        foreach (var (name, tamper) in Tamperings)
        {
            using var copy = new TemporaryFolder();
            CopyFolder(gateway.Instance.Data, copy.Path);
            tamper(copy.Path);
            var (code, report) = await VerifyAsync(node!, copy.Path, "calls-0", keys);
            Assert.True(code == 1 && report["faults"]!.AsArray().Count > 0, $"{name}: {report.ToJsonString()}");

            // And the product's own verifier agrees.
            var (own, output) = await McpLedgerInstance.RunToEndAsync("verify", copy.Path, "--key", Path.Combine(gateway.Instance.Data, "keys", "signing.vkey"));
            Assert.True(own == 1, $"{name}: {output}");
        }
    }

    private static IEnumerable<(string Name, Action<string> Tamper)> Tamperings =>
    [
        ("a byte of a record", folder => Edit(Segment(folder), bytes => bytes[bytes.AsSpan().IndexOf("tools/call"u8)] ^= 1)),
        ("a byte of a tile", folder => Edit(Directory.EnumerateFiles(Path.Combine(folder, "tiles", "calls-0", "tile", "entries"), "*", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)!, bytes => bytes[40] ^= 1)),
        ("the size in the checkpoint", folder => Edit(Path.Combine(folder, "tiles", "calls-0", "checkpoint"), bytes => bytes[bytes.AsSpan().IndexOf((byte)'\n') + 1] ^= 1)),
        ("the tail", folder => Edit(Segment(folder), bytes => bytes.AsSpan(bytes.AsSpan().LastIndexOf("tools/call"u8) - 4000).Clear())),
    ];

    private static string Segment(string folder) => Directory.EnumerateFiles(Path.Combine(folder, "ledger", "calls-0"), "*.seg").First();

    private static void Edit(string path, Action<byte[]> edit)
    {
        var bytes = File.ReadAllBytes(path);
        edit(bytes);
        File.WriteAllBytes(path, bytes);
    }

    private static async Task SealedAsync(McpLedgerInstance instance)
    {
        var calls = (await Backstage.CallsAsync(instance)).Count;
        var checkpoint = Path.Combine(instance.Data, "tiles", "calls-0", "checkpoint");
        for (var attempt = 0; attempt < 300; attempt++)
        {
            if (File.Exists(checkpoint) && int.Parse((await File.ReadAllLinesAsync(checkpoint))[1], System.Globalization.CultureInfo.InvariantCulture) >= calls)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        throw new TimeoutException($"No checkpoint covers {calls} records.");
    }

    private static async Task<(int ExitCode, JsonNode Report)> VerifyAsync(string node, string folder, string partition, string[] keys)
    {
        var key = keys.Single(k => k.Contains($"/{partition}+", StringComparison.Ordinal));
        await using var child = Child.Start(node, [Script, folder, partition, key], new Dictionary<string, string?>(), _ => false);
        var code = await child.WaitAsync(TimeSpan.FromMinutes(1));
        return (code, JsonNode.Parse(child.Output)!);
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    private static string? FindNode() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "node")).FirstOrDefault(File.Exists)
        ?? (Built.NodeTools is { } tools ? Path.Combine(tools, ".bin", "node") : null);
}
