using System.IO.Compression;
using System.Text.Json;

namespace McpLedger.Detectors.Training.Data;

/// <summary>A folder of gzip'd JSON lines <c>{source, label, channel, family, text}</c>, one file a source.</summary>
public sealed class Corpus(string folder)
{
    private readonly Dictionary<string, IReadOnlyList<LabelledText>> _read = [];
    private readonly CorpusTally? _tally;

    internal Corpus(string folder, CorpusTally tally)
        : this(folder) => _tally = tally;

    /// <summary>The texts of a source; none where the folder has no such file.</summary>
    public IReadOnlyList<LabelledText> Source(string name)
    {
        if (!_read.TryGetValue(name, out var rows))
        {
            var path = Path.Combine(folder, name + ".jsonl.gz");
            _read[name] = rows = [];
            if (File.Exists(path))
            {
                _read[name] = rows = ReadLines(path);
                _tally?.Add(path, rows);
            }
        }

        return rows;
    }

    /// <summary>The benign or the attacking texts of some sources.</summary>
    public IEnumerable<LabelledText> Of(bool attack, params ReadOnlySpan<string> sources)
    {
        List<LabelledText> rows = [];
        foreach (var source in sources)
        {
            rows.AddRange(Source(source).Where(row => row.IsAttack == attack));
        }

        return rows;
    }

    /// <summary>The rows of one file of JSON lines, gzip'd when its name ends in <c>.gz</c>.</summary>
    public static IReadOnlyList<LabelledText> ReadLines(string path)
    {
        List<LabelledText> rows = [];
        var name = Path.GetFileName(path).Split('.')[0];
        using var file = File.OpenRead(path);
        using var lines = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        while (lines.ReadLine() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            var root = row.RootElement;
            rows.Add(new(name, root.GetProperty("label").GetInt32() == 1, Word(root, "channel"), Word(root, "family"), Word(root, "text")));
        }

        return rows;
    }

    private static string Word(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
