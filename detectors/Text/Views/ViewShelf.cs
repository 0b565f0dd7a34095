namespace McpLedger.Detectors.Text.Views;

/// <summary>The few views that a message may have: made once, handed out again for every message.</summary>
internal sealed class ViewShelf(TextLimits limits)
{
    private readonly DecodedView[] _views = [.. Enumerable.Range(0, limits.MaxViews).Select(_ => new DecodedView(limits.MaxViewChars))];

    public int Count { get; private set; }

    /// <summary>True when there was more hidden than there is room for.</summary>
    public bool IsCut { get; private set; }

    public DecodedView this[int index] => _views[index];

    public void Clear()
    {
        Count = 0;
        IsCut = false;
    }

    /// <summary>Says that part of what was hidden did not fit.</summary>
    public void Cut() => IsCut = true;

    /// <summary>The text that takes what was found, set apart from what it holds already; null when all views are taken by other kinds.</summary>
    public MappedText? Open(ViewKind kind, int depth)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_views[i].Kind == kind && _views[i].Depth == depth)
            {
                // What sets apart stands where the last found ended: a value at its end goes no further.
                var plain = _views[i].Plain;
                plain.Add('\n', plain.OriginAt(plain.Length));
                IsCut |= plain.IsCut;
                return plain;
            }
        }

        if (Count == _views.Length)
        {
            IsCut = true;
            return null;
        }

        var view = _views[Count++];
        view.Kind = kind;
        view.Depth = depth;
        view.Plain.Clear();
        view.Normal.Clear();
        return view.Plain;
    }

    /// <summary>Gives back a view that nothing was written to.</summary>
    public void CloseEmpty()
    {
        if (Count > 0 && _views[Count - 1].Plain.Length == 0)
        {
            Count--;
        }
    }
}
