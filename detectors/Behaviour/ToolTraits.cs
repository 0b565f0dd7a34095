namespace McpLedger.Detectors.Behaviour;

/// <summary>What a tool does to the flow of data. Zero is a tool of which nothing is known.</summary>
[Flags]
public enum ToolTraits
{
    /// <summary>Nothing is known.</summary>
    None = 0,

    /// <summary>What it returns may have been written by anybody: pages, mails, issues, messages.</summary>
    UntrustedSource = 1,

    /// <summary>It returns what is not everybody's: files, mails, accounts, records.</summary>
    PrivateSource = 2,

    /// <summary>What it is given can leave: it sends, posts, uploads, publishes, invites.</summary>
    Sink = 4,

    /// <summary>It changes something.</summary>
    Effect = 8,
}

/// <summary>Traits guessed from a tool's name, for tools of which nobody said more.</summary>
public static class ToolNames
{
    private const int MaxWords = 16;

    private static readonly Dictionary<string, ToolTraits> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["browse"] = ToolTraits.UntrustedSource, ["fetch"] = ToolTraits.UntrustedSource | ToolTraits.Sink, ["web"] = ToolTraits.UntrustedSource, ["webpage"] = ToolTraits.UntrustedSource, ["url"] = ToolTraits.UntrustedSource,
        ["scrape"] = ToolTraits.UntrustedSource, ["crawl"] = ToolTraits.UntrustedSource, ["page"] = ToolTraits.UntrustedSource, ["website"] = ToolTraits.UntrustedSource, ["download"] = ToolTraits.UntrustedSource,
        ["http"] = ToolTraits.UntrustedSource | ToolTraits.Sink, ["feed"] = ToolTraits.UntrustedSource, ["news"] = ToolTraits.UntrustedSource, ["review"] = ToolTraits.UntrustedSource, ["reviews"] = ToolTraits.UntrustedSource,
        ["issue"] = ToolTraits.UntrustedSource, ["issues"] = ToolTraits.UntrustedSource, ["comment"] = ToolTraits.UntrustedSource, ["comments"] = ToolTraits.UntrustedSource, ["ticket"] = ToolTraits.UntrustedSource,
        ["email"] = ToolTraits.UntrustedSource | ToolTraits.PrivateSource, ["emails"] = ToolTraits.UntrustedSource | ToolTraits.PrivateSource, ["mail"] = ToolTraits.UntrustedSource | ToolTraits.PrivateSource,
        ["inbox"] = ToolTraits.UntrustedSource | ToolTraits.PrivateSource, ["message"] = ToolTraits.UntrustedSource | ToolTraits.PrivateSource, ["messages"] = ToolTraits.UntrustedSource | ToolTraits.PrivateSource,
        ["calendar"] = ToolTraits.PrivateSource, ["contact"] = ToolTraits.PrivateSource, ["contacts"] = ToolTraits.PrivateSource, ["file"] = ToolTraits.PrivateSource, ["files"] = ToolTraits.PrivateSource,
        ["document"] = ToolTraits.PrivateSource, ["documents"] = ToolTraits.PrivateSource, ["account"] = ToolTraits.PrivateSource, ["balance"] = ToolTraits.PrivateSource, ["invoice"] = ToolTraits.PrivateSource,
        ["order"] = ToolTraits.PrivateSource, ["orders"] = ToolTraits.PrivateSource, ["secret"] = ToolTraits.PrivateSource, ["secrets"] = ToolTraits.PrivateSource, ["password"] = ToolTraits.PrivateSource,
        ["sql"] = ToolTraits.PrivateSource, ["database"] = ToolTraits.PrivateSource, ["query"] = ToolTraits.PrivateSource, ["record"] = ToolTraits.PrivateSource, ["records"] = ToolTraits.PrivateSource,
        ["customer"] = ToolTraits.PrivateSource, ["customers"] = ToolTraits.PrivateSource, ["user"] = ToolTraits.PrivateSource, ["users"] = ToolTraits.PrivateSource, ["drive"] = ToolTraits.PrivateSource,
    };

    private static readonly Dictionary<string, ToolTraits> Verbs = new(StringComparer.OrdinalIgnoreCase)
    {
        ["send"] = ToolTraits.Sink, ["post"] = ToolTraits.Sink, ["share"] = ToolTraits.Sink, ["pay"] = ToolTraits.Sink, ["transfer"] = ToolTraits.Sink, ["upload"] = ToolTraits.Sink, ["push"] = ToolTraits.Sink,
        ["publish"] = ToolTraits.Sink, ["invite"] = ToolTraits.Sink, ["forward"] = ToolTraits.Sink, ["reply"] = ToolTraits.Sink, ["notify"] = ToolTraits.Sink, ["tweet"] = ToolTraits.Sink, ["submit"] = ToolTraits.Sink,
        ["input"] = ToolTraits.Sink, ["request"] = ToolTraits.Sink, ["webhook"] = ToolTraits.Sink, ["transact"] = ToolTraits.Sink,
        ["create"] = ToolTraits.Effect, ["update"] = ToolTraits.Effect, ["delete"] = ToolTraits.Effect, ["remove"] = ToolTraits.Effect, ["add"] = ToolTraits.Effect, ["set"] = ToolTraits.Effect,
        ["change"] = ToolTraits.Effect, ["move"] = ToolTraits.Effect, ["buy"] = ToolTraits.Effect, ["checkout"] = ToolTraits.Effect, ["write"] = ToolTraits.Effect, ["edit"] = ToolTraits.Effect,
        ["merge"] = ToolTraits.Effect, ["book"] = ToolTraits.Effect, ["cancel"] = ToolTraits.Effect, ["execute"] = ToolTraits.Effect, ["run"] = ToolTraits.Effect, ["install"] = ToolTraits.Effect,
        ["grant"] = ToolTraits.Effect, ["click"] = ToolTraits.Effect, ["refund"] = ToolTraits.Effect, ["reset"] = ToolTraits.Effect, ["star"] = ToolTraits.Effect, ["clear"] = ToolTraits.Effect, ["save"] = ToolTraits.Effect,
    };

    /// <summary>The traits that a name suggests: verbs say what it does, and where none says otherwise, nouns say what it returns.</summary>
    public static ToolTraits Guess(ReadOnlySpan<char> name)
    {
        var (verbs, nouns) = (ToolTraits.None, ToolTraits.None);
        var (words, start) = (0, 0);
        var inWords = Words.GetAlternateLookup<ReadOnlySpan<char>>();
        var inVerbs = Verbs.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var i = 0; i <= name.Length && words < MaxWords; i++)
        {
            var isEnd = i == name.Length || !char.IsAsciiLetterOrDigit(name[i]);
            if (!isEnd && !(i > start && char.IsAsciiLetterUpper(name[i]) && char.IsAsciiLetterLower(name[i - 1])))
            {
                continue;
            }

            var word = name[start..i];
            if (inVerbs.TryGetValue(word, out var verb))
            {
                verbs |= verb | ToolTraits.Effect;
            }

            if (inWords.TryGetValue(word, out var noun))
            {
                nouns |= noun;
            }

            words += word.IsEmpty ? 0 : 1;
            start = isEnd ? i + 1 : i;
        }

        return verbs == ToolTraits.None ? nouns : verbs;
    }
}
