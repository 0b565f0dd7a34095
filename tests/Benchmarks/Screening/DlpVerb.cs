using System.Text.Json;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Benchmarks.Screening;

/// <summary>
/// <c>./bench.sh dlp</c>: the search for values on what others made, as a second figure beside the generator's. Their repositories lie in a folder that the user fetched; nothing of them is kept here.
/// </summary>
internal static class DlpVerb
{
    private static readonly (string Entity, string Rule)[] Entities =
        [("CREDIT_CARD", "card-number"), ("IBAN_CODE", "iban"), ("US_SSN", "us-ssn"), ("EMAIL_ADDRESS", "email-address"), ("IP_ADDRESS", "ip-address"), ("PHONE_NUMBER", "phone-number")];

    public static Task<int> RunAsync(Options options)
    {
        var folder = options.Required("data", "a folder with checkouts of presidio-research, gitleaks and kingfisher in it");
        var parts = 0;
        if (Path.Combine(folder, "presidio-research", "data", "synth_dataset_v2.json") is var sentences && File.Exists(sentences))
        {
            parts++;
            Sentences(sentences);
        }

        if (Path.Combine(folder, "gitleaks", "cmd", "generate", "config", "rules") is var rules && Directory.Exists(rules))
        {
            parts++;
            string[] sources = [.. Directory.EnumerateFiles(rules, "*.go").Order(StringComparer.Ordinal).Select(File.ReadAllText)];
            Examples("gitleaks, wanted", [.. sources.SelectMany(source => PublishedExamples.OfGo(source, "tps"))]);
            Examples("gitleaks, not wanted", [.. sources.SelectMany(source => PublishedExamples.OfGo(source, "fps"))]);
        }

        if (Path.Combine(folder, "kingfisher", "data", "rules") is var yaml && Directory.Exists(yaml))
        {
            parts++;
            Examples("kingfisher, wanted", [.. Directory.EnumerateFiles(yaml, "*.yml").Order(StringComparer.Ordinal).SelectMany(file => PublishedExamples.OfYaml(File.ReadAllLines(file)))]);
        }

        Console.WriteLine(parts == 0 ? $"'{folder}' has none of presidio-research, gitleaks, kingfisher." : "Examples that stand as literals; one counts as found when any secret is found in it.");
        return Task.FromResult(parts == 0 ? 1 : 0);
    }

    private static void Sentences(string path)
    {
        using var rows = JsonDocument.Parse(File.ReadAllBytes(path));
        var found = new DlpFindings(256);
        var counts = Entities.ToDictionary(entity => entity.Rule, _ => (Present: 0, Hit: 0, Findings: 0, Right: 0));
        foreach (var row in rows.RootElement.EnumerateArray())
        {
            var spans = row.GetProperty("spans").EnumerateArray().Select(span => (
                Rule: Entities.FirstOrDefault(entity => entity.Entity == span.GetProperty("entity_type").GetString()).Rule, Start: span.GetProperty("start_position").GetInt32(), End: span.GetProperty("end_position").GetInt32())).ToArray();
            DlpScan.Run(row.GetProperty("full_text").GetString(), found);
            var findings = found.All.ToArray();
            foreach (var (_, rule) in Entities)
            {
                var wanted = spans.Where(span => span.Rule == rule).ToArray();
                var told = findings.Where(finding => finding.Rule.Id == rule).ToArray();
                var count = counts[rule];
                counts[rule] = (
                    count.Present + wanted.Length, count.Hit + wanted.Count(span => told.Any(finding => Math.Min(finding.End, span.End) - Math.Max(finding.Start, span.Start) >= 0.8 * (span.End - span.Start))),
                    count.Findings + told.Length, count.Right + told.Count(finding => wanted.Any(span => finding.Start < span.End && span.Start < finding.End)));
            }
        }

        Console.WriteLine($"presidio-research, {rows.RootElement.GetArrayLength()} sentences");
        foreach (var (rule, count) in counts)
        {
            Console.WriteLine($"  {rule,-20} {count.Present,5} present   P {(double)count.Right / Math.Max(1, count.Findings):0.00}   R {(double)count.Hit / Math.Max(1, count.Present):0.00}");
        }
    }

    private static void Examples(string name, string[] examples)
    {
        var found = new DlpFindings(256);
        var hits = examples.Count(example =>
        {
            DlpScan.Run(example, found);
            return found.All.ToArray().Any(finding => finding.Rule.Class == DataClass.Secret);
        });
        Console.WriteLine($"{name,-22} {hits,5} of {examples.Length,5} found, {(double)hits / Math.Max(1, examples.Length):P0}");
    }
}
