using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Dlp;

/// <summary>What one search found; used again for the next. Of values that overlap the surer one stays, of equals the longer; it grows over what a secret or a number has besides it.</summary>
public sealed class DlpFindings
{
    private readonly List<DlpFinding> _found = [];
    private int _addresses;

    /// <summary>Makes an empty list.</summary>
    /// <param name="most">Most findings, and most addresses besides; what is beyond is left out.</param>
    public DlpFindings(int most) => Most = most;

    /// <summary>In the order of the text.</summary>
    public ReadOnlySpan<DlpFinding> All => CollectionsMarshal.AsSpan(_found);

    /// <summary>True when there were more secrets, accounts and numbers of persons than the list holds.</summary>
    public bool IsCut { get; private set; }

    /// <summary>True when there were more addresses (<see cref="DataClass.CryptoAddress"/> and what follows) than the list holds: a log is full of them.</summary>
    public bool IsAddressCut { get; private set; }

    internal int Most { get; }

    internal void Clear()
    {
        _found.Clear();
        _addresses = 0;
        IsCut = false;
        IsAddressCut = false;
    }

    internal void Add(DlpRule rule, int start, int length, float score = 1)
    {
        if (length <= 0)
        {
            return;
        }

        var isAddress = rule.Class >= DataClass.CryptoAddress;
        if ((isAddress ? _addresses : _found.Count - _addresses) >= Most)
        {
            IsCut |= !isAddress;
            IsAddressCut |= isAddress;
            return;
        }

        _addresses += isAddress ? 1 : 0;
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
            else
            {
                all[kept - 1] = United(all[kept - 1], all[i]);
            }
        }

        CollectionsMarshal.SetCount(_found, kept);
    }

    private static DlpFinding United(in DlpFinding first, in DlpFinding second)
    {
        var (kept, lost) = Rank(second) > Rank(first) ? (second, first) : (first, second);
        if (IsAddress(lost))
        {
            return kept;
        }

        // No rest of what is looked for may pass because something else was found in it.
        var (start, end) = (Math.Min(kept.Start, lost.Start), Math.Max(kept.End, lost.End));
        return kept with { Start = start, Length = end - start };
    }

    /// <summary>What leads to somebody gives way to what opens a door; then evidence before length. A generic judgement gives way to everything else.</summary>
    private static long Rank(in DlpFinding finding) => (IsAddress(finding) ? 0 : 1L << 40) + ((long)finding.Rule.Evidence << 32) + finding.Length;

    private static bool IsAddress(in DlpFinding finding) => finding.Rule.Class >= DataClass.Contact;
}
