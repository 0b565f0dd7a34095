namespace McpLedger.Detectors.Text.Views;

/// <summary>Looks for hidden texts in a message, and once more in what it found.</summary>
internal sealed class ViewFinder(TextLimits limits)
{
    private const int Deepest = 2;

    private readonly byte[] _bytes = new byte[limits.MaxViewChars];
    private readonly int[] _costs = new int[2 * 4096];
    private readonly MappedText _tags = new(limits.MaxViewChars);

    public ViewShelf Shelf { get; } = new(limits);

    /// <summary>Normalises the message's text, decodes what is hidden in it, and says which marks it bears.</summary>
    public HiddenText Run(MappedText plain, MappedText normal)
    {
        Shelf.Clear();
        _tags.Clear();
        var hidden = Normaliser.Run(plain, normal, _tags);
        Tags(plain, 1);
        Find(plain, normal, 1);

        // Views that this loop adds are of the last depth.
        var found = Shelf.Count;
        for (var i = 0; i < Shelf.Count; i++)
        {
            var view = Shelf[i];
            if (view.Plain.IsCut)
            {
                Shelf.Cut();
            }

            _tags.Clear();
            Normaliser.Run(view.Plain, view.Normal, _tags);
            if (i < found && view.Depth < Deepest)
            {
                Tags(view.Plain, view.Depth + 1);
                Find(view.Plain, view.Normal, view.Depth + 1);
            }
        }

        return hidden;
    }

    private void Find(MappedText plain, MappedText normal, int depth)
    {
        EncodedRuns.Find(plain, depth, _bytes, Shelf);
        TurnedLetters.Find(normal, depth, Shelf);
        SpacedLetters.Find(plain, depth, _costs, Shelf);
        DisguisedWords.Find(normal, depth, Shelf);
        HiddenMarkup.Find(plain, depth, Shelf);
        MarkdownTitles.Find(plain, depth, Shelf);
    }

    private void Tags(MappedText plain, int depth)
    {
        if (_tags.Length > 2 && Shelf.Open(ViewKind.Tags, depth) is { } view)
        {
            _tags.End(plain.OriginAt(plain.Length));
            HiddenMarkup.Copy(_tags, 0, _tags.Length, view);
        }
    }
}
