using System.Buffers;
using System.Text;

namespace McpLedger.Contracts.Search;

/// <summary>Terms in order, bounded in number and length, held as one text with a space between two. Not thread safe; reusable.</summary>
/// <param name="mostTerms">Most terms.</param>
/// <param name="mostCharacters">Most characters, spaces included.</param>
public sealed class TermList(int mostTerms, int mostCharacters)
{
    private readonly StringBuilder _text = new();

    /// <summary>How many terms there are.</summary>
    public int Count { get; private set; }

    /// <summary>True when a term did not fit and was left out, and all after it.</summary>
    public bool Cut { get; private set; }

    /// <summary>Forgets all terms.</summary>
    public void Clear()
    {
        _text.Clear();
        Count = 0;
        Cut = false;
    }

    /// <summary>Adds a term in lower case.</summary>
    internal void Add(ReadOnlySpan<char> term)
    {
        if (Cut || Count == mostTerms || _text.Length + term.Length + 1 > mostCharacters)
        {
            Cut = true;
            return;
        }

        Span<char> lower = stackalloc char[SearchTerms.LongestTerm];
        if (Ascii.ToLower(term, lower, out var length) != OperationStatus.Done)
        {
            length = term.ToLowerInvariant(lower);
        }

        if (_text.Length > 0)
        {
            _text.Append(' ');
        }

        _text.Append(lower[..length]);
        Count++;
    }

    internal IReadOnlyList<string> ToList() => Count == 0 ? [] : ToString().Split(' ');

    /// <summary>The terms with a space between two.</summary>
    public override string ToString() => _text.ToString();
}
