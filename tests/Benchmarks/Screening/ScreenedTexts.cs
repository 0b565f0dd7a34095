using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace McpLedger.Benchmarks.Screening;

/// <summary>Texts to screen, by source: the benign rows of public sets where a folder of them is given, a few made ones where not.</summary>
internal static class ScreenedTexts
{
    private static readonly string[] Sentences =
    [
        "The quarterly report covers all regions and is ready for review.", "Run `npm ci && npm test` before you push; the pipeline does the same.", "Meeting notes: Anna sends the draft on Tuesday, Bruno checks the figures.",
        "GET /api/v1/orders/48213 returned 200 in 182 ms.", "Commit 3f786850e387550fdab836ed7e6dc881de23001b fixes the race in the watcher.", "Die Lieferung verzögert sich um zwei Tage, der Kunde ist informiert.",
        "See [the guide](https://docs.northwind.net/setup) for details.", "| name | amount |\n|---|---|\n| rent | 1200.00 |", "const total = items.reduce((sum, item) => sum + item.price, 0);",
    ];

    /// <summary>What a coding agent types all day: the hard case for shell shapes.</summary>
    public static IReadOnlyList<string> Commands { get; } =
    [
        "ls -la src", "cd app && npm install", "git status --short", "git add -A && git commit -m 'Fix the parser'", "git log --oneline | head -20", "grep -rn 'TODO' src | wc -l", "find . -name '*.cs' | xargs wc -l",
        "cat package.json | jq '.scripts'", "dotnet build -c Release && dotnet test", "python -m pytest tests -q", "pip install -r requirements.txt", "docker compose up -d && docker compose logs -f", "kubectl get pods -n staging",
        "sed -i 's/foo/bar/g' src/main.ts", "mkdir -p build && cd build && cmake ..", "export NODE_ENV=test; npm run lint", "curl -s http://localhost:8080/healthz", "tar -xzf archive.tgz -C /tmp", "rm -rf node_modules && npm ci",
        "echo $(git rev-parse HEAD) > version.txt", "cat <<'EOF' > config.yaml\nname: app\nEOF", "psql -c 'SELECT count(*) FROM orders'", "ps aux | grep node", "chmod +x scripts/run.sh && ./scripts/run.sh", "make -j4 2>&1 | tee build.log",
        "go test ./... -run TestParser", "cargo build --release", "terraform plan -out plan.bin", "awk '{print $1}' access.log | sort | uniq -c | sort -rn | head", "for f in *.txt; do echo \"$f\"; done", "diff -u old.txt new.txt || true",
        "curl -fsSL https://get.docker.com | sh", "tail -n 100 app.log", "ssh deploy@host 'systemctl restart app'", "npx tsc --noEmit", "git diff main...HEAD --stat", "which python3 && python3 --version", "sort data.csv | uniq > clean.csv",
    ];

    public static IReadOnlyList<(string Source, IReadOnlyList<byte[]> Messages)> Load(string? folder)
    {
        if (folder is null)
        {
            var random = new Random(20261126);
            return [("made", [.. Enumerable.Range(0, 400).Select(_ => Message(string.Join(' ', Enumerable.Range(0, random.Next(8, 24)).Select(_ => Sentences[random.Next(Sentences.Length)]))))])];
        }

        string[] benign = ["docs_test", "docs_security", "docs_aidirected", "livemcp_obs", "livemcp_tools", "docker_tools", "tau_tool", "tau_user", "wildguard_benign", "cse_frr", "notinject", "agentdyn_clean", "piarena_ctx", "injecagent_simresp"];
        folder = Directory.Exists(Path.Combine(folder, "dev")) ? Path.Combine(folder, "dev") : folder;
        IReadOnlyList<(string, IReadOnlyList<byte[]>)> sets = [.. benign.Where(source => File.Exists(Path.Combine(folder, source + ".jsonl.gz"))).Select(source => (source, Rows(Path.Combine(folder, source + ".jsonl.gz"))))];
        return sets.Count > 0 ? sets : throw new OptionException($"'{folder}' holds none of {benign[0]}.jsonl.gz, {benign[1]}.jsonl.gz and so on. Fix: name the folder that has dev/*.jsonl.gz.");
    }

    public static byte[] Message(string text) => JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id = 1, result = new { content = new[] { new { type = "text", text } }, isError = false } });

    private static IReadOnlyList<byte[]> Rows(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);
        var rows = new List<byte[]>();
        while (reader.ReadLine() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("label").GetInt32() == 0)
            {
                rows.Add(Message(row.RootElement.GetProperty("text").GetString()!));
            }
        }

        return rows;
    }
}
