using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Dlp;

/// <summary>What one search found; used again for the next. Of values that overlap the surer one stays, of equals the longer.</summary>
public sealed class DlpFindings
{
    private readonly List<DlpFinding> _found = [];

    /// <summary>Makes an empty list.</summary>
    /// <param name="most">Most findings; what is beyond is counted in <see cref="IsCut"/>.</param>
    public DlpFindings(int most) => Most = most;

    /// <summary>In the order of the text.</summary>
    public ReadOnlySpan<DlpFinding> All => CollectionsMarshal.AsSpan(_found);

    /// <summary>True when there was more than the list holds.</summary>
    public bool IsCut { get; private set; }

    internal int Most { get; }

    internal void Clear()
    {
        _found.Clear();
        IsCut = false;
    }

    internal void Add(DlpRule rule, int start, int length, float score = 1)
    {
        if (length <= 0)
        {
            return;
        }

        if (_found.Count >= Most)
        {
            IsCut = true;
            return;
        }

        _found.Add(new(rule, start, length, score));
    }

    internal void Settle()
    {
        var all = CollectionsMarshal.AsSpan(_found);
        all.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : Rank(b).CompareTo(Rank(a)));
        var kept = 0;
        for (var i = 0; i < all.Length; i++)
        {
            if (kept == 0 || all[i].Start >= all[kept - 1].End)
            {
                all[kept++] = all[i];
            }
            else if (Rank(all[i]) > Rank(all[kept - 1]))
            {
                all[kept - 1] = all[i];
            }
        }

        CollectionsMarshal.SetCount(_found, kept);
    }

    /// <summary>Evidence before length; a generic judgement gives way to everything.</summary>
    private static long Rank(in DlpFinding finding) => ((long)finding.Rule.Evidence << 32) + finding.Length;
}
