using System.Text;
using System.Text.Json;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;

namespace McpLedger.Benchmarks.Screening;

/// <summary>Texts of about 1 KiB as tools answer with them: benign rows of the sets that judge the response channel, each source with the same weight, short ones filled up with the next of their source.</summary>
internal static class ResultTexts
{
    private const int PiecesOfSource = 400;
    private const int Chars = 900;

    /// <summary>The pieces as JSON strings without their quotation marks, sources in turn.</summary>
    /// <param name="folder">The folder that has <c>dev/*.jsonl.gz</c>.</param>
    public static IReadOnlyList<byte[]> Load(string folder)
    {
        var corpus = new Corpus(Path.Combine(folder, "dev"));
        string[][] sources = [.. Board.Response.Benign.Select(source => Pieces(corpus.Of(false, source).Select(row => row.Text)).Take(PiecesOfSource).ToArray()).Where(pieces => pieces.Length > 0)];
        return [.. Enumerable.Range(0, PiecesOfSource).SelectMany(i => sources.Select(pieces => JsonSerializer.SerializeToUtf8Bytes(pieces[i % pieces.Length])[1..^1]))];
    }

    private static IEnumerable<string> Pieces(IEnumerable<string> texts)
    {
        var piece = new StringBuilder();
        foreach (var text in texts)
        {
            piece.Append(text.AsSpan(0, Math.Min(text.Length, 4 * Chars))).Append('\n');
            for (; piece.Length >= Chars; piece.Remove(0, Math.Min(Chars, piece.Length)))
            {
                yield return piece.ToString(0, Chars);
            }
        }
    }
}
