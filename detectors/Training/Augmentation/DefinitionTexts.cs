using System.Text.Json;
using System.Text.Json.Nodes;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>
/// Definitions of tools, as they are and with poison in one of their fields: description, a parameter's description, an enumeration, a default, a title, a parameter's name.
/// The clean twin of each gets an innocent sentence in the same place, so that being longer or saying "important" is no sign.
/// </summary>
internal sealed class DefinitionTexts
{
    private readonly Dice _dice;
    private readonly Grammar _grammar;
    private readonly double _alone;
    private readonly string[] _definitions;
    private readonly string[] _sentences;

    public DefinitionTexts(Corpus corpus, ulong seed)
        : this(corpus.Of(false, "toolsdk_tools", "bfcl_funcs", "metatool_tools", "toolbench_funcs", "asb_normal").Select(row => row.Text).Concat(LongOnes(corpus)), PhraseShare.Training, seed)
    {
    }

    // Servers put whole manuals into descriptions; the corpora of definitions hardly have any.
    private static IEnumerable<string> LongOnes(Corpus corpus)
    {
        var dice = new Dice(31);
        return corpus.Source("docs_train").Take(4000).Select((row, i) =>
        {
            var length = dice.Between(300, 5000);
            return new JsonObject { ["name"] = $"tool_{i}", ["description"] = row.Text.Length <= length ? row.Text : row.Text[..length] }.ToJsonString(Written);
        });
    }

    public DefinitionTexts(IEnumerable<string> definitions, PhraseShare share, ulong seed)
    {
        (_dice, _grammar) = (new(seed), share == PhraseShare.Training ? Trained() : Grammar.Named("definition", share));

        // Honest tools of one short sentence are easily taken for poison: training sees more of them.
        _alone = share == PhraseShare.Training ? 0.6 : 0.4;
        _definitions = [.. definitions.Where(IsDefinition)];
        _sentences = [.. _definitions.Select(Description).Where(text => text.Length is > 10 and < 400)];
    }

    /// <summary>Every definition as it is, and <paramref name="each"/> pairs.</summary>
    public IEnumerable<TrainingText> Make(int each) => _definitions.Select(definition => Read(definition, isAttack: false)).Concat(Pairs(each));

    /// <summary>Poisoned definitions and their innocent twins alone.</summary>
    public IEnumerable<TrainingText> Pairs(int each)
    {
        for (var i = 0; i < each; i++)
        {
            yield return Read(Placed(_grammar.Make(_dice, "wrapped")), isAttack: true);
            yield return Read(Placed(_dice.Chance(0.65) ? _grammar.Make(_dice, "benign") : _dice.Pick(_sentences)), isAttack: false);
        }
    }

    /// <summary>Poisoned definitions alone.</summary>
    public IEnumerable<string> Poisoned(int count) => Enumerable.Range(0, count).Select(_ => Placed(_grammar.Make(_dice, "wrapped")));

    // The poison is marked, not the honest sentences that stand around it.
    private static Grammar Trained()
    {
        var grammar = Grammar.Named("definition", PhraseShare.Training).And("definition-training");
        return grammar.With("wrapped", [.. grammar.Phrases("wrapped").Select(phrase => phrase.Contains("{honest}", StringComparison.Ordinal) || phrase.Contains("{benign}", StringComparison.Ordinal)
            ? phrase.Replace("{poison}", MarkedText.Mark("{poison}"), StringComparison.Ordinal)
            : MarkedText.Mark(phrase))]);
    }

    private string Placed(string sentence)
    {
        var tool = JsonNode.Parse(_dice.Pick(_definitions))!.AsObject();
        if (_dice.Chance(0.5) && Properties(tool) is null && _dice.Chance(0.6))
        {
            tool["inputSchema"] = Schema();
        }

        if (_dice.Chance(0.25) && Properties(tool) is { Count: > 0 } properties)
        {
            IntoSchema(properties, sentence);
        }
        else
        {
            IntoDescription(tool, sentence);
        }

        return tool.ToJsonString(Written);
    }

    private void IntoDescription(JsonObject tool, string sentence)
    {
        var description = tool["description"]?.GetValue<string>() ?? "";
        tool["description"] = _dice.Below(4) switch { 0 => sentence + " " + description, 1 => description + "\n\n" + sentence, 2 when _dice.Chance(_alone) => sentence, _ => description + " " + sentence };
    }

    private void IntoSchema(JsonObject properties, string sentence)
    {
        var name = properties.ElementAt(_dice.Below(properties.Count)).Key;
        if (properties[name] is not JsonObject property)
        {
            properties[name] = sentence;
            return;
        }

        switch (_dice.Below(6))
        {
            case 0:
                property["enum"] = new JsonArray("default", sentence);
                break;
            case 1:
                property["default"] = sentence;
                break;
            case 2:
                property["title"] = sentence;
                break;
            case 3:
                properties[sentence.Replace(' ', '_')] = new JsonObject { ["type"] = "string" };
                break;
            default:
                property["description"] = (property["description"] is JsonValue value && value.TryGetValue<string>(out var text) ? text + " " : "") + sentence;
                break;
        }
    }

    private JsonObject Schema()
    {
        var properties = new JsonObject();
        foreach (var _ in Enumerable.Range(0, _dice.Between(1, 3)))
        {
            properties[_dice.Pick(["query", "id", "path", "name", "limit", "url", "text", "format", "date", "channel", "message", "user"])] = new JsonObject { ["type"] = "string", ["description"] = _grammar.Make(_dice, "benign") };
        }

        return new() { ["type"] = "object", ["properties"] = properties };
    }

    private static JsonObject? Properties(JsonObject tool) => ((tool["inputSchema"] ?? tool["parameters"]) as JsonObject)?["properties"] as JsonObject;

    private static TrainingText Read(string definition, bool isAttack) => MarkedText.ReadJson(definition, isAttack);

    private static bool IsDefinition(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject tool && tool["description"] is JsonValue value && value.TryGetValue<string>(out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Description(string text) => JsonNode.Parse(text)!["description"]!.GetValue<string>();

    private static readonly JsonSerializerOptions Written = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
