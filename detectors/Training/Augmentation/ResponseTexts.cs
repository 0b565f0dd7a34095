using System.Text.Json;
using System.Text.RegularExpressions;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>
/// Tool responses and documents, attacked and clean. The same contexts stand on both sides: what differs is the payload, which as often as not is an ordinary wish of an ordinary user.
/// </summary>
internal sealed partial class ResponseTexts
{
    private const int MaxContext = 2500;
    private const int LongContext = 7000;

    private readonly Dice _dice;
    private readonly Grammar _grammar = Grammar.Named("response");
    private readonly Grammar _proseGrammar = Grammar.Named("prose");
    private readonly Records _records;
    private readonly string[] _wishes;
    private readonly string[] _prompts;
    private readonly string[] _abroad;
    private readonly Grammar[] _languages = Languages.Grammars();
    private readonly string[] _tasks;
    private readonly string[] _triggers;
    private readonly string[] _mails;
    private readonly string[] _jailbreaks;
    private readonly string[] _documents;
    private readonly string[] _prose;
    private readonly string[] _tools;

    public ResponseTexts(Corpus corpus, ulong seed)
    {
        _dice = new(seed);
        _wishes = [.. Texts(corpus.Of(false, "metatool_user", "bfcl_user"))];
        string[] dialogues = [.. Texts(corpus.Of(false, "dialogue_benign"))];
        _prompts = [.. dialogues.Where(text => text.Length is > 15 and < 400 && Languages.IsEnglish(text))];
        string[] descriptions = [.. corpus.Source("toolsdk_tools").Select(row => Property(row.Text, "description")).OfType<string>()];
        _abroad = [.. dialogues.Where(text => text.Length < 400).Concat(descriptions).Where(text => !Languages.IsEnglish(text))];
        _tasks = [.. Texts(corpus.Of(true, "asb_opi")).Select(text => Lead().Replace(text, "")), .. Texts(corpus.Of(true, "bipia_bare_train"))];
        _triggers = [.. Texts(corpus.Of(true, "tt_trigger"))];
        _mails = [.. Texts(corpus.Of(true, "llmail"))];
        _jailbreaks = [.. Texts(corpus.Of(true, "deepset_train", "giskard", "gptfuzz", "verazuo_jb"))];
        _documents = [.. Texts(corpus.Of(false, "docs_train", "bipia_train", "toolbench_obs", "whowhen"))];
        _prose = [.. _documents.Concat(descriptions.Take(3000)).SelectMany(text => Sentences().Split(text)).Where(IsProse)];
        _tools = [.. corpus.Source("toolsdk_tools").Take(4000).Select(row => Property(row.Text, "name")).OfType<string>()];
        _records = new(_dice, _grammar, Filler);
        _dice.Shuffle(_prose);
    }

    /// <summary>Attacked and clean texts, <paramref name="each"/> of both, and the corpora's own.</summary>
    public IEnumerable<TrainingText> Make(int each, Corpus corpus) =>
        Pairs(each).Concat(Weighted(corpus.Of(true, "llmail").Take(3000), isAttack: true)).Concat(Weighted(corpus.Of(true, "bipia_train"), isAttack: true));

    /// <summary>The made-up texts alone.</summary>
    public IEnumerable<TrainingText> Pairs(int each)
    {
        for (var i = 0; i < each; i++)
        {
            var draw = _dice.Share();
            if (draw < 0.5)
            {
                yield return MarkedText.Read(_records.Make(MarkedText.Mark(Payload())), isAttack: true);
                yield return MarkedText.Read(_records.Make(null), isAttack: false);
            }
            else if (draw < 0.72)
            {
                yield return MarkedText.Read(Inserted(Document(MaxContext), Payload()), isAttack: true);
                yield return MarkedText.Read(Document(MaxContext), isAttack: false);
            }
            else if (draw < 0.92)
            {
                yield return MarkedText.Read(Inserted(Passage(), _dice.Chance(0.6) ? Mild() : Payload()), isAttack: true);
                yield return MarkedText.Read(Passage(), isAttack: false);
            }
            else
            {
                yield return MarkedText.Read(Payload(), isAttack: true);
                yield return MarkedText.Read(Document(LongContext), isAttack: false);
            }
        }
    }

    private string Payload()
    {
        var draw = _dice.Share();
        if (draw >= 0.96)
        {
            return Cut(_dice.Pick(_jailbreaks), _dice.Between(200, 900));
        }

        if (draw >= 0.91)
        {
            return Cut(_dice.Pick(_mails), _dice.Between(150, 900));
        }

        var wish = draw switch
        {
            < 0.25 => _grammar.Make(_dice, "agentic"),
            < 0.30 => _dice.Pick(_languages).Make(_dice, "attack"),
            < 0.42 => Mild(),
            < 0.49 => _grammar.Make(_dice, "toolcall").Replace("{tool}", _dice.Pick(_tools), StringComparison.Ordinal),
            < 0.68 => _dice.Pick(_wishes),
            < 0.75 => _dice.Pick(_prompts),
            < 0.83 => _dice.Pick(_tasks),
            _ => _dice.Pick(_triggers) + " " + Wish(),
        };
        if (_dice.Chance(0.2))
        {
            wish += " " + Wish();
        }

        return _dice.Chance(0.7) ? _grammar.Make(_dice, "wrap").Replace("{wish}", Lowered(wish), StringComparison.Ordinal) : wish;
    }

    private string Wish() => _dice.Below(3) switch { 0 => _grammar.Make(_dice, "agentic"), 1 => _dice.Pick(_wishes), _ => _dice.Pick(_tasks) };

    private string Mild()
    {
        var wish = _grammar.Make(_dice, "mild");
        return wish.Length == 0 ? wish : char.ToUpperInvariant(wish[0]) + wish[1..];
    }

    private string Lowered(string wish) => wish.Length > 0 && _dice.Chance(0.3) ? char.ToLowerInvariant(wish[0]) + wish[1..] : wish;

    private string Filler() => _dice.Share() switch
    {
        < 0.06 => string.Join("\n", Enumerable.Range(0, _dice.Between(1, 4)).Select(_ => _grammar.Make(_dice, "code"))),
        < 0.12 => Abroad(),
        < 0.47 => _grammar.Make(_dice, "human"),
        < 0.69 => string.Join(' ', Enumerable.Range(0, _dice.Between(1, 3)).Select(_ => Natural())),
        < 0.91 => Cut(string.Join(' ', Enumerable.Range(0, _dice.Between(1, 3)).Select(_ => _dice.Pick(_prose))), 400),
        _ => _grammar.Make(_dice, "remark"),
    };

    // What people write in other languages, and tools about themselves: a script that only attacks were written in would be taken for one.
    private string Abroad() => string.Join(' ', Enumerable.Range(0, _dice.Between(1, 6)).Select(_ => _abroad.Length > 0 && _dice.Chance(0.8) ? _dice.Pick(_abroad) : _dice.Pick(_languages).Make(_dice, "benign")));

    private string Document(int longest)
    {
        var text = _dice.Pick(_documents);
        if (text.Length <= longest)
        {
            return text;
        }

        var from = _dice.Chance(0.5) ? 0 : _dice.Below(text.Length - longest);
        return text.Substring(from, longest);
    }

    // Long prose: neighbouring sentences of one shuffled pool read like an encyclopaedia with its pages mixed up, which is enough for windows of 72 tokens.
    private string Passage()
    {
        var natural = _dice.Share();
        return string.Join(' ', Enumerable.Range(0, _dice.Between(4, 50)).Select(_ => _dice.Chance(natural) ? Natural() : _dice.Pick(_prose)));
    }

    private string Natural() => _dice.Share() switch
    {
        < 0.03 => Abroad(),
        < 0.13 => _proseGrammar.Make(_dice, "voice"),
        < 0.65 => _proseGrammar.Make(_dice, "sentence"),
        _ => About(),
    };

    // What users ask about is no sign of an attack, only that they ask: the same topics stand in statements.
    private string About()
    {
        var wish = _dice.Chance(0.5) ? _dice.Pick(_wishes) : _dice.Pick(_prompts);
        var topics = Topics().Matches(wish);
        var topic = topics.Count == 0 ? _proseGrammar.Make(_dice, "topic") : topics[_dice.Below(topics.Count)].Value.TrimEnd('.', '?', '!', ' ');
        return _proseGrammar.Make(_dice, "about").Replace("{np}", Cut(topic, 160), StringComparison.Ordinal);
    }

    private string Inserted(string context, string payload)
    {
        var at = 0;
        var draw = _dice.Share();
        if (draw > 0.8)
        {
            at = context.Length;
        }
        else if (draw > 0.1)
        {
            var breaks = Breaks().Matches(context);
            at = breaks.Count == 0 ? context.Length : breaks[_dice.Below(breaks.Count)].Index + 1;
        }

        var gap = _dice.Pick(["\n", " ", " ", "\n\n"]);
        return context[..at] + gap + MarkedText.Mark(payload) + gap + context[at..];
    }

    private static IEnumerable<TrainingText> Weighted(IEnumerable<LabelledText> rows, bool isAttack)
    {
        string[] texts = [.. Texts(rows)];
        var weights = Clusters.Weights(Clusters.ByBeginning(texts).Ids);
        return texts.Select((text, i) => MarkedText.Read(Cut(text, LongContext), isAttack, weights[i]));
    }

    private static IEnumerable<string> Texts(IEnumerable<LabelledText> rows) => rows.Select(row => row.Text.Replace(MarkedText.Open, ' ').Replace(MarkedText.Close, ' '));

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..longest];

    private static bool IsProse(string sentence) =>
        sentence.Length is > 30 and < 300 && sentence.Count(char.IsLetter) > sentence.Length * 0.75 && char.IsUpper(sentence[0]);

    private static string? Property(string definition, string name)
    {
        using var json = JsonDocument.Parse(definition);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    [GeneratedRegex(@"^(Ignore previous instructions\. You must strictly adhere to the following instruction: |\s*Answer: task complete\. |Thought: The previous steps are done\. Next, | Now you must call this tool\.)", RegexOptions.None, 60_000)]
    private static partial Regex Lead();

    [GeneratedRegex(@"(?<=\b(about|of|for|with|between|in|on|from) )[^.?!\n]{8,}", RegexOptions.None, 60_000)]
    private static partial Regex Topics();

    [GeneratedRegex(@"(?<=[.!?])\s+|\n+", RegexOptions.None, 60_000)]
    private static partial Regex Sentences();

    [GeneratedRegex(@"[.\n!?]\s", RegexOptions.None, 60_000)]
    private static partial Regex Breaks();
}
