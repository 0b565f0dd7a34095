using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>
/// What users write, attacking and not: the corpora's own, and templates of ours for what they lack. Attacks in other languages and requests in the same ones,
/// secrets asked for and passwords forgotten, requests that end in machine-made gibberish and requests that end in code.
/// </summary>
internal sealed class UserTexts
{
    private const int Longest = 6000;

    // Frames without their wish: honest role-play has such frames too.
    private const double FrameWeight = 0.4;

    // The same sentences about what is no secret: how something is asked for must not be what is learnt.
    private static readonly string[] Innocents = ["{benign}", "{benign}", "{benign} {benign}", "{reveal}", "{format}", "{fewshot}"];

    private static readonly string[] Ordinary = ["docs_train", "dialogue_benign", "bfcl_user", "metatool_user", "deepset_train", "toolsdk_tools", "whowhen", "bipia_train"];

    private readonly Dice _dice;
    private readonly Grammar _english = Grammar.Named("user").And("user-extract");
    private readonly Grammar _open;
    private readonly Grammar[] _foreign = Languages.Grammars();
    private readonly Dictionary<Grammar, Grammar> _innocent;
    private readonly string[] _requests;
    private readonly string[] _prompts;
    private readonly string[] _triggers;
    private readonly string[] _pieces;

    public UserTexts(Corpus corpus, ulong seed)
    {
        _dice = new(seed);
        _open = _english.With("secret", [.. _english.Phrases("open")]);
        _innocent = _foreign.ToDictionary(language => language, language => language.With("innocent", [.. Innocents.Where(language.Has)]).With("secret", [.. language.Phrases("thing")]));
        _requests = [.. corpus.Of(false, "metatool_user", "bfcl_user").Select(row => row.Text)];
        _prompts = [.. corpus.Of(false, "dialogue_benign").Select(row => row.Text)];
        _triggers = [.. corpus.Of(true, "tt_trigger").Select(row => row.Text)];
        _pieces = [.. corpus.Source("docs_train").Take(400).SelectMany(row => row.Text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)).Where(word => word.Length is > 1 and < 14)];
    }

    /// <summary>The corpora's own texts and <paramref name="each"/> made-up pairs.</summary>
    public IEnumerable<TrainingText> Make(int each, Corpus corpus) => OfCorpora(corpus).Concat(Pairs(each));

    /// <summary>The made-up texts alone.</summary>
    public IEnumerable<TrainingText> Pairs(int each)
    {
        for (var i = 0; i < each; i++)
        {
            foreach (var text in Pair(_dice.Share()))
            {
                yield return !text.IsAttack && _dice.Chance(0.15) ? Longer(text) : text;
            }
        }
    }

    /// <summary>Requests that end in gibberish, and everything ordinary: what a head on odd tokens alone learns from.</summary>
    public IEnumerable<TrainingText> Disorder(int each, Corpus corpus)
    {
        foreach (var text in Unordered(corpus))
        {
            yield return text;
        }

        for (var i = 0; i < each; i++)
        {
            var wish = _dice.Chance(0.6) ? _english.Make(_dice, "harm") : _dice.Pick(_requests);
            yield return MarkedText.Read(wish + " " + MarkedText.Mark(Gibberish()), isAttack: true);
            yield return Plain(_dice.Chance(0.3) ? _english.Make(_dice, "technical") : _dice.Pick(_foreign).Make(_dice, "benign") + (_dice.Chance(0.5) ? " " + _english.Make(_dice, "benign") : ""), isAttack: false);
        }
    }

    private TrainingText[] Pair(double draw)
    {
        if (draw < 0.30)
        {
            var language = _dice.Pick(_foreign);
            var attack = language.Make(_dice, "attack");
            attack = _dice.Below(8) switch { 0 => _english.Make(_dice, "ignore") + " " + attack, 1 => attack + " " + _english.Make(_dice, "reveal"), 2 or 3 => language.Make(_dice, "benign") + " " + attack, _ => attack };
            return [Plain(attack, isAttack: true), Plain(_innocent[language].Make(_dice, "innocent"), isAttack: false)];
        }

        if (draw < 0.42)
        {
            return [Plain(_english.Make(_dice, "extract"), isAttack: true), Plain(_open.Make(_dice, "extract"), isAttack: false)];
        }

        if (draw < 0.56)
        {
            var attack = MarkedText.Mark(_english.Make(_dice, "attack"));
            attack = _dice.Below(6) switch { 0 => _dice.Pick(_requests) + " " + attack, 1 => attack + " " + _dice.Pick(_requests), _ => attack };
            return [MarkedText.Read(attack, isAttack: true), Plain(_english.Make(_dice, "benign"), isAttack: false)];
        }

        if (draw < 0.63)
        {
            return [Plain(_english.Make(_dice, "story"), isAttack: true), Plain(_english.Make(_dice, "storytwin"), isAttack: false)];
        }

        if (draw < 0.78)
        {
            // The wish is marked, for the frame around it is the same on both sides.
            return [MarkedText.Read(Framed(MarkedText.Mark(_english.Make(_dice, "harm"))), isAttack: true), Plain(Framed(_english.Make(_dice, "wishes")), isAttack: false)];
        }

        if (draw < 0.94)
        {
            var wish = _dice.Chance(0.6) ? _english.Make(_dice, "harm") : _dice.Pick(_requests);
            return [MarkedText.Read(wish + " " + MarkedText.Mark(Gibberish()), isAttack: true), Plain(_dice.Below(3) switch { 0 => _english.Make(_dice, "aware"), 1 => _english.Make(_dice, "technical"), _ => _dice.Pick(_requests) + " " + Words() }, isAttack: false)];
        }

        return [Plain(_dice.Pick(_triggers) + " " + _dice.Pick(_requests), isAttack: true), Plain(_dice.Pick(_prompts) + "\n" + _dice.Pick(_requests), isAttack: false)];
    }

    private string Framed(string wish) => _english.Make(_dice, "frame").Replace("{wish}", wish, StringComparison.Ordinal);

    // The corpora's attacks are long and their questions short; length must not be what is learnt.
    private TrainingText Longer(TrainingText text) =>
        text with { Text = text.Text + "\n" + NormalText.Of(string.Join(_dice.Chance(0.5) ? "\n" : " ", Enumerable.Range(0, _dice.Between(2, 9)).Select(_ => Innocent()))) };

    private string Innocent() => _dice.Below(6) switch
    {
        0 or 1 => _english.Make(_dice, "storytwin"),
        2 => _english.Make(_dice, "benign"),
        3 => _english.Make(_dice, "aware"),
        _ => _dice.Pick(_prompts),
    };

    // What optimisers append to a request: pieces of words, brackets and code without any order.
    private string Gibberish()
    {
        string[] signs = ["]( ", "\\n", "!!", "=(\"", "){", "~~", "*/", "->", "^{", ";;", "')[", "==", "!--", "`;", "><", "@{", "$$", "...", "\"}", "(-"];
        var text = new System.Text.StringBuilder();
        if (_dice.Chance(0.15))
        {
            text.Append('!', 1).Append(string.Concat(Enumerable.Repeat(" !", _dice.Between(6, 20))));
        }

        var count = _dice.Between(8, 28);
        for (var i = 0; i < count; i++)
        {
            var piece = _dice.Pick(_pieces);
            text.Append(_dice.Below(7) switch
            {
                0 => _dice.Pick(signs),
                1 => piece.ToUpperInvariant(),
                2 => piece[..Math.Min(piece.Length, 4)] + _dice.Pick(_pieces)[^1..].ToUpperInvariant(),
                3 => piece + _dice.Pick(signs),
                4 => char.ToUpperInvariant(piece[0]) + piece[1..] + _dice.Pick(_pieces),
                5 => _foreign[_dice.Below(_foreign.Length)].Make(_dice, "thing").Split(' ')[0],
                _ => piece,
            });
            text.Append(_dice.Chance(0.8) ? " " : "");
        }

        return text.ToString();
    }

    private string Words() => string.Join(' ', Enumerable.Range(0, _dice.Between(3, 12)).Select(_ => _dice.Pick(_prompts).Split(' ')[0]));

    private static IEnumerable<TrainingText> OfCorpora(Corpus corpus) =>
        Weighted(corpus.Of(true, "deepset_train", "giskard", "gptfuzz"), isAttack: true, 1)
            .Concat(Weighted(corpus.Of(true, "verazuo_jb"), isAttack: true, FrameWeight))
            .Concat(Weighted(corpus.Of(true, "llmail").Take(1500), isAttack: true, 0.5))
            .Concat(Weighted(corpus.Of(false, "deepset_train", "dialogue_benign", "bfcl_user"), isAttack: false, 1))
            .Concat(Weighted(corpus.Of(false, "metatool_user").Take(8000), isAttack: false, 0.7))
            .Concat(Weighted(corpus.Of(false, "docs_train").Take(3000), isAttack: false, 0.5));

    // Every other row: what is usual was counted over the rest, and to a text that was counted itself nothing in it is strange.
    private static IEnumerable<TrainingText> Unordered(Corpus corpus) => Ordinary.SelectMany(source => Weighted(corpus.Of(false, source).Where((_, i) => i % 2 == 1).Take(4000), isAttack: false, 1));

    private static IEnumerable<TrainingText> Weighted(IEnumerable<LabelledText> rows, bool isAttack, double weight)
    {
        string[] texts = [.. rows.Select(row => row.Text)];
        var weights = Clusters.Weights(Clusters.ByBeginning(texts).Ids);
        return texts.Select((text, i) => Plain(text.Length <= Longest ? text : text[..Longest], isAttack, weight * weights[i]));
    }

    private static TrainingText Plain(string text, bool isAttack, double weight = 1) => new(isAttack, NormalText.Of(text), -1, -1, weight);
}
