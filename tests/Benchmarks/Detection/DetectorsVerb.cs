using System.Diagnostics;
using System.Text;
using System.Text.Json;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Sanitizing;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;

namespace McpLedger.Benchmarks.Detection;

/// <summary><c>./bench.sh detectors</c>: what the whole inline path costs a KiB on one core, part by part, what it allocates, and how many benign texts pay for the second stage.</summary>
internal static class DetectorsVerb
{
    private const int TextsOfSource = 150;
    private const int Rounds = 5;

    // As long as the runtime takes to compile in full what is called often.
    private const int WarmUpRounds = 10;
    private const int OneKiB = 1024;

    public static Task<int> RunAsync(Options options)
    {
        var corpus = new Corpus(Path.Combine(options.Required("data", "the folder that has dev/*.jsonl.gz"), "dev"));
        byte[][] results = [.. Board.Response.Benign.SelectMany(source => corpus.Of(false, source).Take(TextsOfSource)).SelectMany(Results)];
        if (results.Length == 0)
        {
            Console.WriteLine("There are no benign texts in that folder.");
            return Task.FromResult(1);
        }

        using var model = InjectionModel.Open(options.Value("model") ?? ShippedModel.Folder);
        Console.WriteLine($"model {model.Id} {model.Digest[..12]}, {results.Length} results of about 1 KiB from {Board.Response.Benign.Length} benign sources, {Rounds} rounds, one thread");
        Inline(model, results);
        StageTwo(model, results);
        Rival.Run(results);
        return Task.FromResult(0);
    }

    // A tool's result as it comes over the wire: text cut to about a KiB, so that a figure a text is a figure a KiB.
    private static IEnumerable<byte[]> Results(LabelledText row)
    {
        for (var at = 0; at + (OneKiB / 2) < row.Text.Length && at < 4 * OneKiB; at += OneKiB - 60)
        {
            var text = row.Text.Substring(at, Math.Min(OneKiB - 60, row.Text.Length - at));
            yield return Encoding.UTF8.GetBytes($$"""{"content":[{"type":"text","text":{{JsonSerializer.Serialize(text)}}}]}""");
        }
    }

    // Every text pays for this much before it goes on: read and decoded, scored by stage one, looked through for shapes of code and for values, in the message and in what was hidden in it.
    private static void Inline(InjectionModel model, byte[][] results)
    {
        var path = new InlinePath(model);
        string[] parts = ["reading and decode views", "stage one", "sanitising", "DLP", "whole inline path"];
        List<double>[] took = [.. parts.Select(_ => new List<double>(results.Length * Rounds))];
        Span<long> stamps = stackalloc long[parts.Length];
        for (var round = -WarmUpRounds; round < Rounds; round++)
        {
            foreach (var result in results)
            {
                path.Run(result, stamps);
                for (var part = 0; round >= 0 && part < parts.Length; part++)
                {
                    var (from, to) = part == parts.Length - 1 ? (stamps[0], stamps[part]) : (stamps[part], stamps[part + 1]);
                    took[part].Add(Stopwatch.GetElapsedTime(from, to).TotalMilliseconds * OneKiB / result.Length);
                }
            }
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var result in results)
        {
            path.Run(result, stamps);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // Where other work takes the core away in the middle of a text, the tail is that work's: the middle one of a text's rounds is the text's own.
        List<double> middle = [.. Enumerable.Range(0, results.Length).Select(i => Enumerable.Range(0, Rounds).Select(round => took[^1][(round * results.Length) + i]).Order().ElementAt(Rounds / 2))];
        for (var part = 0; part < parts.Length; part++)
        {
            var isWhole = part == parts.Length - 1;
            Print(parts[part], took[part], isWhole ? 0.25 : null, isWhole ? 0.8 : null);
        }

        Print("  by each text's middle round", middle, 0.25, 0.8);
        Console.WriteLine($"  allocated in {results.Length} texts: {allocated} B; target 0 B {(allocated == 0 ? "reached" : "missed")}");
    }

    private static void StageTwo(InjectionModel model, byte[][] results)
    {
        var (text, reading, detector) = (new MessageText(TextLimits.Default), new InjectionReading(), new InjectionDetector(model));
        var added = new List<double>();
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var result in results)
            {
                text.Read(result, TextChannel.Response);
                var score = detector.Score(text, reading);
                if (!score.NeedsEncoder)
                {
                    continue;
                }

                var began = Stopwatch.GetTimestamp();
                detector.Confirm(text, score, reading, CancellationToken.None);
                if (round >= 0)
                {
                    added.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }
        }

        var share = added.Count / (double)(results.Length * Rounds);
        Console.WriteLine($"  share of benign texts that reach stage two: {share:P1}; target 10 % {(share <= 0.10 ? "reached" : "missed")}");
        if (added.Count > 0)
        {
            Print("added by stage two, a text", added, 6, 15);
        }
    }

    private sealed class InlinePath(InjectionModel model)
    {
        private readonly MessageText _text = new(TextLimits.Default);
        private readonly InjectionReading _reading = new();
        private readonly InjectionDetector _detector = new(model);
        private readonly SanitizeFindings _shapes = new(256);
        private readonly DlpFindings _values = new(256);

        /// <summary>Passes one result through, and takes the time before the first part and after each.</summary>
        public void Run(byte[] result, Span<long> stamps)
        {
            stamps[0] = Stopwatch.GetTimestamp();
            _text.Read(result, TextChannel.Response);
            stamps[1] = Stopwatch.GetTimestamp();
            _detector.Score(_text, _reading);
            stamps[2] = Stopwatch.GetTimestamp();
            Sanitizer.Find(_text, _shapes);
            stamps[3] = Stopwatch.GetTimestamp();
            DlpScan.Run(_text, _values);
            for (var view = 0; view < _text.ViewCount; view++)
            {
                // As the gateway does: views that fold letters hold nothing that somebody wrote.
                if (_text.View(view).IsVerbatim)
                {
                    DlpScan.Run(_text.View(view).Plain.Chars, _values);
                }
            }

            stamps[4] = Stopwatch.GetTimestamp();
        }
    }

    internal static void Print(string what, List<double> milliseconds, double? median, double? tail)
    {
        milliseconds.Sort();
        var (p50, p99) = (milliseconds[milliseconds.Count / 2], milliseconds[(int)(milliseconds.Count * 0.99)]);
        var verdict = median is null ? "" : $"; target {median} / {tail} ms {(p50 <= median && p99 <= tail ? "reached" : "missed")}";
        Console.WriteLine($"  {what,-34} p50 {p50:0.000} ms, p99 {p99:0.000} ms{verdict}");
    }
}
