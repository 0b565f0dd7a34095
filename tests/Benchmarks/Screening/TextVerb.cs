using System.Diagnostics;
using System.Text.RegularExpressions;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Sanitizing;
using McpLedger.Detectors.Text;

namespace McpLedger.Benchmarks.Screening;

/// <summary>
/// <c>./bench.sh text</c>: what the text side of screening costs a KiB on one core, part by part, beside every secret's pattern as a compiled expression of its own; and how often benign texts set it off.
/// </summary>
internal static class TextVerb
{
    private const int Rounds = 3;
    private const int Smallest = 512;

    private static readonly Regex[] Rival =
    [
        .. SecretTokens.All.Select(token => Pattern($"{Regex.Escape(token.Prefix)}[{Regex.Escape(token.Alphabet).Replace("]", "\\]", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal)}]{{{token.Shortest},{token.Longest}}}")),
        Pattern(@"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{64,}?-----END"), Pattern(@"[a-z][a-z0-9+.-]*://[^\s:/@]+:[^\s/@]{3,}@"), Pattern(@"(?i)(?:password|pwd|accountkey|sharedaccesskey)=[^;""'\s]{4,}"),
        Pattern(@"(?i)[\w.-]{0,40}(?:passw|pwd|secret|token|api_?key|access_?key|auth|credential|private_?key)[\w.-]{0,40}['""\s]{0,3}(?:=|:){1,2}\s*['""`]?[^\s'""`]{6,200}"),
        Pattern(@"\b(?:\d[ -]?){12,18}\d\b"), Pattern(@"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"), Pattern(@"\b\d{3}-\d{2}-\d{4}\b"), Pattern(@"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        Pattern(@"\+?\d{1,3}[ .-]?\(?\d{2,4}\)?(?:[ .-]\d{2,5}){1,4}"), Pattern(@"\b(?:\d{1,3}\.){3}\d{1,3}\b"), Pattern(@"\b(?:0x[0-9a-fA-F]{40}|bc1[a-z0-9]{39,59}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b"),
    ];

    public static Task<int> RunAsync(Options options)
    {
        var sources = ScreenedTexts.Load(options.Value("data"));
        var (text, found, shapes) = (new MessageText(TextLimits.Default), new DlpFindings(256), new SanitizeFindings(256));
        var all = sources.SelectMany(source => source.Messages).Where(message => message.Length >= Smallest).ToArray();
        Console.WriteLine($"{all.Length} messages of {Smallest} bytes and more, {all.Sum(message => (long)message.Length) / 1024} KiB, {Rounds} rounds, one thread; microseconds a KiB of message");
        Console.WriteLine($"{"part",-34} {"p50",8} {"p99",8} {"mean",8} {"allocated",10}");
        Print("read, normalise, views", all, message => text.Read(message, TextChannel.Response));
        Print("  with sanitising", all, message =>
        {
            text.Read(message, TextChannel.Response);
            Sanitizer.Find(text, shapes);
        });
        Print("  with sanitising and DLP (all)", all, message =>
        {
            text.Read(message, TextChannel.Response);
            Sanitizer.Find(text, shapes);
            DlpScan.Run(text.Plain.Chars, found);
        });
        var plain = all.Take(1000).Select(message => Read(text, message)).ToArray();
        Print("DLP alone", plain, each => DlpScan.Run(each.Chars, found), each => each.Bytes);
        Print($"rival: {Rival.Length} expressions, no prefilter", plain, each =>
        {
            foreach (var pattern in Rival)
            {
                foreach (var _ in pattern.EnumerateMatches(each.Chars))
                {
                }
            }
        }, each => each.Bytes);
        FalseAlarms(sources, text, found, shapes);
        return Task.FromResult(0);
    }

    private static void FalseAlarms(IReadOnlyList<(string Source, IReadOnlyList<byte[]> Messages)> sources, MessageText text, DlpFindings found, SanitizeFindings shapes)
    {
        Console.WriteLine();
        Console.WriteLine($"benign texts that set something off: share with a shape of at least medium and of high severity; findings of DLP that are no contact or address, a MiB");
        foreach (var (source, messages) in sources.Append(("coding agent's commands", [.. ScreenedTexts.Commands.Select(ScreenedTexts.Message)])))
        {
            var (medium, high, values, bytes) = (0, 0, 0, 0L);
            var kinds = new SortedDictionary<string, int>(StringComparer.Ordinal);
            foreach (var message in messages)
            {
                bytes += message.Length;
                text.Read(message, TextChannel.Response);
                Sanitizer.Find(text, shapes);
                DlpScan.Run(text.Plain.Chars, found);
                var severe = shapes.All.ToArray().Where(shape => shape.Severity >= SanitizeSeverity.Medium).ToArray();
                medium += severe.Length > 0 ? 1 : 0;
                high += severe.Any(shape => shape.Severity == SanitizeSeverity.High) ? 1 : 0;
                foreach (var name in severe.Select(shape => Sanitizer.NameOf(shape.Kind)).Distinct().Concat(found.All.ToArray().Where(IsValue).Select(finding => finding.Rule.Id)))
                {
                    kinds[name] = kinds.GetValueOrDefault(name) + 1;
                }

                values += found.All.ToArray().Count(IsValue);
            }

            Console.WriteLine($"{source,-24} {messages.Count,5} texts  medium {100.0 * medium / messages.Count,5:0.0} %  high {100.0 * high / messages.Count,5:0.0} %  DLP {values * 1024.0 * 1024 / bytes,6:0.0}   {string.Join(", ", kinds.OrderByDescending(kind => kind.Value).Take(8).Select(kind => $"{kind.Key} {kind.Value}"))}");
        }
    }

    private static bool IsValue(DlpFinding finding) => finding.Rule.Class < DataClass.Contact;

    private static (char[] Chars, int Bytes) Read(MessageText text, byte[] message)
    {
        text.Read(message, TextChannel.Response);
        return (text.Plain.Chars.ToArray(), message.Length);
    }

    private static void Print(string part, byte[][] messages, Action<byte[]> run) => Print(part, messages, run, message => message.Length);

    private static void Print<T>(string part, T[] texts, Action<T> run, Func<T, int> size)
    {
        var each = new List<double>(texts.Length * Rounds);
        Array.ForEach(texts, text => run(text));
        var allocated = 0L;
        var total = 0.0;
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var text in texts)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var started = Stopwatch.GetTimestamp();
                run(text);
                var took = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                total += took;
                each.Add(took * 1024 / size(text));
            }
        }

        each.Sort();
        Console.WriteLine($"{part,-34} {each[each.Count / 2],8:0.0} {each[each.Count * 99 / 100],8:0.0} {total * 1024 / (Rounds * texts.Sum(text => (long)size(text))),8:0.0} {allocated,8} B");
    }

    private static Regex Pattern(string pattern) => new(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
}
