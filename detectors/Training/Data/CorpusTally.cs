using System.Collections.Concurrent;

namespace McpLedger.Detectors.Training.Data;

/// <summary>Which files of a corpus were read, from any thread: what a model's card says it was made from.</summary>
internal sealed class CorpusTally
{
    private readonly ConcurrentDictionary<string, SourceTally> _read = new(StringComparer.Ordinal);

    public IReadOnlyList<SourceTally> Sources => [.. _read.Values.OrderBy(source => source.Part, StringComparer.Ordinal).ThenBy(source => source.Name, StringComparer.Ordinal)];

    /// <summary>Remembers a file that was read; each is hashed once, however many read it.</summary>
    public void Add(string path, IReadOnlyList<LabelledText> rows) => _read.GetOrAdd(path, static (path, rows) =>
    {
        var attacks = rows.Count(row => row.IsAttack);
        return new(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path).Split('.')[0], attacks, rows.Count - attacks, ModelTraining.Sha256(path));
    }, rows);
}

/// <summary>A file of a corpus.</summary>
/// <param name="Part">Its folder: train or dev.</param>
/// <param name="Name">The source.</param>
/// <param name="Attacks">Rows with an attack.</param>
/// <param name="Benign">The others.</param>
/// <param name="Sha256">Of the file, in hexadecimal.</param>
internal sealed record SourceTally(string Part, string Name, int Attacks, int Benign, string Sha256);
