namespace McpLedger.Detectors.Dlp;

/// <summary>What a value is, for policies. Zero is what must never leave.</summary>
public enum DataClass
{
    /// <summary>Whoever has it may act as its owner.</summary>
    Secret = 0,

    /// <summary>Cards and accounts.</summary>
    Financial = 1,

    /// <summary>Numbers that a state gave a person.</summary>
    GovernmentId = 2,

    /// <summary>Addresses of wallets.</summary>
    CryptoAddress = 3,

    /// <summary>Addresses and numbers of persons.</summary>
    Contact = 4,

    /// <summary>Addresses of machines.</summary>
    Network = 5,
}

/// <summary>Why a finding is believed.</summary>
public enum DlpEvidence
{
    /// <summary>A classifier's judgement of value, name and neighbours; its score is <see cref="DlpFinding.Score"/>.</summary>
    Learned = 0,

    /// <summary>A form that nothing else has.</summary>
    Structure = 1,

    /// <summary>A check digit or sum, or decoded content.</summary>
    Validated = 2,
}

/// <summary>One kind of value that is looked for.</summary>
/// <param name="Id">Its name in findings, placeholders and policies.</param>
/// <param name="Class">What it is.</param>
/// <param name="Evidence">Why a finding is believed.</param>
public sealed record DlpRule(string Id, DataClass Class, DlpEvidence Evidence)
{
    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>A value that was found.</summary>
/// <param name="Rule">Which rule found it.</param>
/// <param name="Start">First character in the text that was searched.</param>
/// <param name="Length">Characters.</param>
/// <param name="Score">Between 0 and 1: how sure.</param>
public readonly record struct DlpFinding(DlpRule Rule, int Start, int Length, float Score)
{
    /// <summary>First character after it.</summary>
    public int End => Start + Length;
}
