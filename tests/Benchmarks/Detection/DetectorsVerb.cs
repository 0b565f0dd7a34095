using System.Diagnostics;
using System.Text;
using System.Text.Json;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;

namespace McpLedger.Benchmarks.Detection;

/// <summary><c>./bench.sh detectors</c>: what stage one costs a KiB on one core, what it allocates, and how many benign texts pay for the second stage.</summary>
internal static class DetectorsVerb
{
    private const int TextsOfSource = 150;
    private const int Rounds = 5;
    private const int OneKiB = 1024;

    public static Task<int> RunAsync(Options options)
    {
        var corpus = new Corpus(Path.Combine(options.Value("data") ?? throw new ArgumentException("--data names the folder that has dev/*.jsonl.gz.", nameof(options)), "dev"));
        byte[][] results = [.. Board.Response.Benign.SelectMany(source => corpus.Of(false, source).Take(TextsOfSource)).SelectMany(Results)];
        if (results.Length == 0)
        {
            Console.WriteLine("There are no benign texts in that folder.");
            return Task.FromResult(1);
        }

        using var model = InjectionModel.Open(options.Value("model") ?? ShippedModel.Folder);
        Console.WriteLine($"model {model.Id} {model.Digest[..12]}, {results.Length} results of about 1 KiB from {Board.Response.Benign.Length} benign sources, {Rounds} rounds, one thread");
        StageOne(model, results);
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

    private static void StageOne(InjectionModel model, byte[][] results)
    {
        var (text, reading, detector) = (new MessageText(TextLimits.Default), new InjectionReading(), new InjectionDetector(model));
        var (read, both) = (new List<double>(), new List<double>());
        long allocated = 0;
        for (var round = -1; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var result in results)
            {
                var began = Stopwatch.GetTimestamp();
                text.Read(result, TextChannel.Response);
                var middle = Stopwatch.GetTimestamp();
                detector.Score(text, reading);
                var ended = Stopwatch.GetTimestamp();
                if (round >= 0)
                {
                    read.Add(Stopwatch.GetElapsedTime(began, middle).TotalMilliseconds * OneKiB / result.Length);
                    both.Add(Stopwatch.GetElapsedTime(began, ended).TotalMilliseconds * OneKiB / result.Length);
                }
            }

            // The lists above grow while they are filled: what they take is theirs, so the last round runs without them.
            allocated = round == Rounds - 1 ? Allocated(results, text, reading, detector) : GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Print("reading and decode views", read, null, null);
        Print("reading and stage one", both, 0.25, 0.8);
        Console.WriteLine($"  allocated in {results.Length} texts: {allocated} B; target 0 B {(allocated == 0 ? "reached" : "missed")}");
    }

    private static long Allocated(byte[][] results, MessageText text, InjectionReading reading, InjectionDetector detector)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var result in results)
        {
            text.Read(result, TextChannel.Response);
            detector.Score(text, reading);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
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

    internal static void Print(string what, List<double> milliseconds, double? median, double? tail)
    {
        milliseconds.Sort();
        var (p50, p99) = (milliseconds[milliseconds.Count / 2], milliseconds[(int)(milliseconds.Count * 0.99)]);
        var verdict = median is null ? "" : $"; target {median} / {tail} ms {(p50 <= median && p99 <= tail ? "reached" : "missed")}";
        Console.WriteLine($"  {what,-34} p50 {p50:0.000} ms, p99 {p99:0.000} ms{verdict}");
    }
}
