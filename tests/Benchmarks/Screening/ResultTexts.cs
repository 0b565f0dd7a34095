using System.Text.Json;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;

namespace McpLedger.Benchmarks.Screening;

/// <summary>Texts of about 1 KiB as tools answer with them: benign rows of the sets that judge the response channel, cut, each source with the same weight.</summary>
internal static class ResultTexts
{
    private const int PiecesOfSource = 400;
    private const int Chars = 900;

    /// <summary>The pieces as JSON strings without their quotation marks, sources in turn.</summary>
    /// <param name="folder">The folder that has <c>dev/*.jsonl.gz</c>.</param>
    public static IReadOnlyList<byte[]> Load(string folder)
    {
        var corpus = new Corpus(Path.Combine(folder, "dev"));
        string[][] sources = [.. Board.Response.Benign.Select(source => corpus.Of(false, source).SelectMany(row => Pieces(row.Text)).Take(PiecesOfSource).ToArray()).Where(pieces => pieces.Length > 0)];
        return [.. Enumerable.Range(0, PiecesOfSource).SelectMany(i => sources.Select(pieces => JsonSerializer.SerializeToUtf8Bytes(pieces[i % pieces.Length])[1..^1]))];
    }

    // As ./bench.sh detectors cuts them, so that both speak of the same share.
    private static IEnumerable<string> Pieces(string text)
    {
        for (var at = 0; at + (Chars / 2) < text.Length && at < 4 * Chars; at += Chars)
        {
            yield return text.Substring(at, Math.Min(Chars, text.Length - at));
        }
    }
}
