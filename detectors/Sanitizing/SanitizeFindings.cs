using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>What one look found; used again for the next.</summary>
public sealed class SanitizeFindings(int most)
{
    private readonly List<SanitizeFinding> _found = [];

    /// <summary>In the order of the text.</summary>
    public ReadOnlySpan<SanitizeFinding> All => CollectionsMarshal.AsSpan(_found);

    /// <summary>True when there was more than the list holds.</summary>
    public bool IsCut { get; private set; }

    internal void Clear()
    {
        _found.Clear();
        IsCut = false;
    }

    internal void Add(SanitizeKind kind, SanitizeSeverity severity, int start, int length)
    {
        if (length <= 0)
        {
            return;
        }

        // A run of one kind is one finding, as grave as the gravest in it.
        if (_found.Count > 0 && _found[^1] is var last && last.Kind == kind && last.End >= start && kind <= SanitizeKind.Bidirectional)
        {
            _found[^1] = last with { Length = Math.Max(last.Length, start + length - last.Start), Severity = (SanitizeSeverity)Math.Max((int)last.Severity, (int)severity) };
        }
        else if (_found.Count >= most)
        {
            IsCut = true;
        }
        else
        {
            _found.Add(new(kind, severity, start, length));
        }
    }

    internal void Sort() => CollectionsMarshal.AsSpan(_found).Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Kind.CompareTo(b.Kind));
}
