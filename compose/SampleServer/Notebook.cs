using System.Collections.Concurrent;

namespace McpLedger.SampleServer;

/// <summary>Notes in memory, bounded, and the small text that searches look through.</summary>
internal sealed class Notebook
{
    private const int MaxNotes = 1000;
    private readonly ConcurrentDictionary<string, string> _notes = new(StringComparer.Ordinal);

    public static IReadOnlyList<string> Text { get; } =
    [
        "A ledger is a book that is only ever written forward.",
        "What was written yesterday can be read today and cannot be changed.",
        "A clerk who errs writes a second line that says so.",
        "The auditor trusts the binding of the pages, not the clerk.",
        "Each page carries the sum of the page before it.",
        "A page that is torn out is missed by the page that follows.",
        "Two auditors who compare their sums know whether they saw one book.",
    ];

    public IReadOnlyCollection<string> Titles => [.. _notes.Keys.Order(StringComparer.Ordinal)];

    public string? Read(string title) => _notes.GetValueOrDefault(title);

    public bool Write(string title, string text)
    {
        if (_notes.Count >= MaxNotes && !_notes.ContainsKey(title))
        {
            return false;
        }

        _notes[title] = text;
        return true;
    }

    public bool Delete(string title) => _notes.TryRemove(title, out _);
}
