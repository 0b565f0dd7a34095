namespace McpLedger.Detectors.Shadowing;

/// <summary>How a tool stands in the light of another server's. Zero is the gravest.</summary>
public enum ShadowKind
{
    /// <summary>Its name looks the same and is another: letters of other scripts, unseen characters, l for 1.</summary>
    LookAlike = 0,

    /// <summary>Its definition names the other tool and says what to do before, after or instead of it.</summary>
    Directive = 1,

    /// <summary>Its name is the other's with a slip of the pen, or with a word that only praises it.</summary>
    NearName = 2,

    /// <summary>Its definition names the other tool.</summary>
    Reference = 3,

    /// <summary>Its name is the other's, which happens between honest servers and leaves a model to choose.</summary>
    SameName = 4,
}

/// <summary>A tool and whose it is.</summary>
/// <param name="Server">Server in the configuration.</param>
/// <param name="Tool">Its name, as the server writes it.</param>
public readonly record struct ListedTool(string Server, string Tool);

/// <summary>A tool that stands in another's light.</summary>
/// <param name="Kind">How.</param>
/// <param name="Other">The other server's tool.</param>
/// <param name="Start">First byte of where the definition names it; 0 where the name itself is meant.</param>
/// <param name="Length">Bytes; 0 likewise.</param>
public readonly record struct ToolShadow(ShadowKind Kind, ListedTool Other, int Start, int Length);
