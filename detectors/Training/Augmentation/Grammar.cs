using System.Text;
using System.Text.Json;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>Which phrases of a grammar are used.</summary>
internal enum PhraseShare
{
    All = 0,
    Training = 1,
    HeldOut = 2,
}

/// <summary>
/// Texts made from templates of our own: lists of phrases by name, where <c>{name}</c> stands for one phrase of another list. A name that no list has is left to the caller's own words.
/// </summary>
internal sealed class Grammar
{
    private const int MaxDepth = 12;
    private const int ShortestSplit = 8;
    private const int ShortestPhrase = 16;

    private readonly Dictionary<string, string[]> _lists;

    private Grammar(Dictionary<string, string[]> lists) => _lists = lists;

    /// <summary>The grammar of a file under <c>Templates/</c>.</summary>
    public static Grammar Named(string name, PhraseShare share = PhraseShare.All)
    {
        using var file = typeof(Grammar).Assembly.GetManifestResourceStream($"Templates/{name}.json") ?? throw new InvalidOperationException($"There are no templates named '{name}'.");
        var lists = JsonSerializer.Deserialize<Dictionary<string, string[]>>(file) ?? [];
        return new(share == PhraseShare.All ? lists : lists.ToDictionary(list => list.Key, list => Part(list.Value, share)));
    }

    /// <summary>The same grammar with the lists of another file joined to its own.</summary>
    public Grammar And(string name)
    {
        var joined = new Dictionary<string, string[]>(_lists);
        foreach (var (list, phrases) in Named(name)._lists)
        {
            joined[list] = joined.TryGetValue(list, out var own) ? [.. own, .. phrases] : phrases;
        }

        return new(joined);
    }

    /// <summary>The phrases of a list, slots open.</summary>
    public IReadOnlyList<string> Phrases(string list) => _lists[list];

    /// <summary>Whether every slot of a template names a list of this grammar.</summary>
    public bool Has(string template) => template.Split(['{', '}']).Where((_, i) => i % 2 == 1).All(_lists.ContainsKey);

    /// <summary>The same grammar with one list more.</summary>
    public Grammar With(string name, string[] phrases) => new(new(_lists) { [name] = phrases });

    /// <summary>One text of the list, its slots filled.</summary>
    public string Make(Dice dice, string list) => Fill(dice, dice.Pick(_lists[list]), 0);

    // Lists that only name other lists are shared whole: what is kept back are phrases, every fourth of those that are long enough to be one.
    private static string[] Part(string[] phrases, PhraseShare share)
    {
        if (phrases.Length < ShortestSplit || phrases.Any(phrase => phrase.Length < ShortestPhrase))
        {
            return phrases;
        }

        return [.. phrases.Where((_, i) => (i % 4 == 3) == (share == PhraseShare.HeldOut))];
    }

    private string Fill(Dice dice, string template, int depth)
    {
        var open = template.IndexOf('{', StringComparison.Ordinal);
        if (open < 0 || depth > MaxDepth)
        {
            return template;
        }

        var text = new StringBuilder();
        var at = 0;
        while (open >= 0)
        {
            var close = template.IndexOf('}', open);
            text.Append(template, at, open - at);
            if (close > open && _lists.TryGetValue(template[(open + 1)..close], out var list))
            {
                text.Append(Fill(dice, dice.Pick(list), depth + 1));
                at = close + 1;
            }
            else
            {
                text.Append('{');
                at = open + 1;
            }

            open = template.IndexOf('{', at);
        }

        return text.Append(template, at, template.Length - at).ToString();
    }
}
