using System.Buffers;
using System.Text.RegularExpressions;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// Marks that honest definitions of tools hardly ever bear. Each was counted over ten thousand of them, and the rarer it is there the more it adds to a definition's tail;
/// it is evidence beside the model, by the same measure.
/// </summary>
internal static partial class DefinitionRules
{
    // Every repetition that something follows is bounded, so time grows with the text alone; what takes longer than this stands on a machine that stands still, and nothing is known of the definition.
    private const int Patience = 2000;

    // The last of Names.
    private const uint NamedSo = 1u << 15;

    /// <summary>Their names; a mark is a bit by its place here, and the first and the last are not patterns.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "hidden-characters", "instruction-tag", "markup-comment", "secrecy-from-user", "overrides-instructions", "boasts", "prefers-itself", "bars-other-tools", "claims-to-be-first", "claims-every-request", "wants-model-identity",
        "secret-file", "must-first", "copies-to-address", "self-praise", "named-like-an-instruction",
    ];

    /// <summary>Those that are evidence: the last is only told.</summary>
    public static IReadOnlyList<string> Weighed { get; } = [.. Names.Take(Names.Count - 1)];

    private static readonly Regex[] Patterns =
    [
        InstructionTag(), MarkupComment(), Secrecy(), Overrides(), Boasts(), PrefersItself(), BarsOthers(), First(), EveryRequest(), ModelIdentity(), SecretFile(), MustFirst(), Copies(), SelfPraise(),
    ];

    /// <summary>The marks of a definition, and where the first one that is a pattern stands.</summary>
    public static uint Match(MessageText definition, out int start, out int length)
    {
        (start, length) = (0, 0);
        var marks = definition.Hidden == HiddenText.None ? 0u : 1u;
        var buffer = ArrayPool<char>.Shared.Rent(SplitNames.Longest(definition));
        var names = buffer.AsSpan(0, SplitNames.Write(definition, areNames: true, buffer));
        var strings = buffer.AsSpan(names.Length, SplitNames.Write(definition, areNames: false, buffer.AsSpan(names.Length)));
        for (var i = 0; i < Patterns.Length; i++)
        {
            var mark = Look(Patterns[i], 1u << (i + 1), definition, names, strings, out var at, out var found);
            (start, length) = mark != 0 && (marks & ~(1u | NamedSo)) == 0 && (mark != NamedSo || (marks & NamedSo) == 0) ? (at, found) : (start, length);
            marks |= mark;
        }

        ArrayPool<char>.Shared.Return(buffer);
        return marks;
    }

    // A name is a noun: agent_name asks no model who it is, and a switch that is called ignore_all_rules tells nobody to.
    private static uint Look(Regex pattern, uint mark, MessageText definition, ReadOnlySpan<char> names, ReadOnlySpan<char> strings, out int start, out int length)
    {
        var named = pattern == Secrecy() || pattern == Overrides() ? NamedSo : mark;
        var isFound = Find(pattern, definition, named == mark, out start, out length, out var isName);
        if (isFound && !isName)
        {
            return mark;
        }

        if (pattern == ModelIdentity())
        {
            return 0;
        }

        if (Find(pattern, strings, 0, out var at, out _))
        {
            (start, length) = SplitNames.PlaceOf(definition, areNames: false, at);
            return mark;
        }

        if (!isFound && Find(pattern, names, 0, out at, out _))
        {
            (start, length) = SplitNames.PlaceOf(definition, areNames: true, at);
            isFound = true;
        }

        return isFound ? named : 0;
    }

    // What stands outside of names goes before what stands in one.
    private static bool Find(Regex pattern, MessageText definition, bool areNamesAlike, out int start, out int length, out bool isName)
    {
        (start, length, isName) = (0, 0, false);
        var text = definition.Normal.Chars;
        for (var from = 0; Find(pattern, text, from, out var at, out var found);)
        {
            if (areNamesAlike || found == 0 || !SplitNames.IsName(definition, at, out var name, out var size) || !Find(pattern, text.Slice(name, size), 0, out _, out _))
            {
                (start, length, isName) = (at, found, false);
                return true;
            }

            (start, length, isName) = isName ? (start, length, true) : (name, size, true);
            from = name + size;
        }

        return isName;
    }

    private static bool Find(Regex pattern, ReadOnlySpan<char> text, int from, out int start, out int length)
    {
        (start, length) = (0, 0);
        foreach (var match in pattern.EnumerateMatches(text, from))
        {
            (start, length) = (match.Index, match.Length);
            return true;
        }

        return false;
    }

    [GeneratedRegex(@"<\/?(important|system|hidden|secret|instructions?|admin|critical|assistant|override)>|\[\/?(system|inst|hidden)\]|<\|", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex InstructionTag();

    [GeneratedRegex(@"<!--", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex MarkupComment();

    [GeneratedRegex(@"\b(do not|don'?t|never|without|not to)\s{1,8}(tell|mention|inform|show|reveal|notify|telling|mentioning|informing|showing|notifying)\b[^.]{0,25}\b(user|anyone|anybody)\b|\b(hide|keep|conceal)\b[^.]{0,20}\bfrom the user\b|\buser (must|should) (not|never) (know|notice|see|learn)\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex Secrecy();

    [GeneratedRegex(@"\b(ignore|disregard|forget|override|overrides|bypass)\b[^.]{0,20}\b(previous|prior|earlier|above|other|all|system|safety|user'?s?)\b[^.]{0,20}\b(instructions?|rules?|prompts?|requests?|directions?|guidelines)\b|\bprecedence over\b[^.]{0,25}\b(prompt|instructions?|user)\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex Overrides();

    [GeneratedRegex(@"\b(best|greatest|finest|smartest|perfect|ultimate|most \w{1,32})\b[^.]{0,40}\b(in the world|in the universe|on earth|on the planet|ever made|ever built|ever created|in existence|of all time|available anywhere|on the market)\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex Boasts();

    [GeneratedRegex(@"\b(prefer|choose|use|select|pick|call)\b[^.]{0,30}\b(this|me|it)\b[^.]{0,30}\b(over|instead of|rather than)\b[^.]{0,20}\b(other|any|all|every)\b|\b(highest|top|first) priority\b|\bpick me\b|\bchoose me\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex PrefersItself();

    [GeneratedRegex(@"\b(never|do not|don'?t|must not|should not|stop)\s{1,8}(use|using|call|calling|choose|choosing|trust|select)\b[^.]{0,20}\b(other|another|any other|competing)\b[^.]{0,12}\b(tools?|servers?|services?|functions?)\b|\bother (tools?|servers?)\b[^.]{0,25}\b(deprecated|unsafe|insecure|broken|unreliable|wrong)\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex BarsOthers();

    [GeneratedRegex(@"\b(before|prior to)\b[^.]{0,30}\b(any|every|all)\b[^.]{0,12}\b(tools?|calls?|answers?|requests?|questions?)\b|\b(always|must)\b[^.]{0,12}\b(be )?(called|call|used|use|invoked|run)\b[^.]{0,15}\bfirst\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex First();

    [GeneratedRegex(@"\b(whenever|anytime|any time|every time|each time)\b[^.]{0,30}\b(user|someone|anyone|you)\b[^.]{0,60}\b(this tool|must|has to|have to|use this|call this|use|call)\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex EveryRequest();

    [GeneratedRegex(@"\b(name|version|identity|type|kind)\b[^.]{0,12}\b(of )?(the |your |this )?(llm|large language model|language model|ai model|ai assistant|ai agent)\b|\bwhich (language )?model (you|is|are)\b|\bmodel (that )?you are\b|\b(llm|assistant|agent)\s(model\s)?(name|identity|vendor)\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex ModelIdentity();

    [GeneratedRegex(@"\.ssh\b|\bid rsa\b|id_rsa|\.aws\/|\/etc\/(passwd|shadow)|\.netrc|\.git-credentials|mcp\.json|\.bashrc|\bauthorized_keys|credentials\.json|\.env\b[^.]{0,30}\b(content|pass|read|include|send)", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex SecretFile();

    [GeneratedRegex(@"\b(must|have to|has to|required to|need to) (first|also|always)\b|\botherwise[^.]{0,20}\b(will not work|won't work|fails?|refuse)", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex MustFirst();

    [GeneratedRegex(@"\b(send|forward|copy|bcc|upload|post|deliver)\b([^.]{0,50}https?:\/\/\S+|([^.]{0,49}\s)?\S{1,64}@\S{1,64}\.\S+)", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex Copies();

    [GeneratedRegex(@"\b(best|greatest|finest|ultimate|unbeatable|perfect|superior|most (powerful|accurate|trusted|reliable|advanced|popular|loved)|number one|world[- ]class|unmatched|amazing|outstanding)\b( [\w-]{1,32}){0,2} (tool|assistant|service|choice|solution)\b", RegexOptions.CultureInvariant, Patience)]
    private static partial Regex SelfPraise();
}
