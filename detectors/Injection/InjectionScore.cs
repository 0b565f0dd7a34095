using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>How far a text has been looked at. Zero is what a text has that nobody scored.</summary>
public enum InjectionDepth
{
    /// <summary>Not at all.</summary>
    Unscored = 0,

    /// <summary>By stage one, and that is all it needs.</summary>
    StageOne = 1,

    /// <summary>By stage one, which asks for the second stage.</summary>
    Undecided = 2,

    /// <summary>By both stages.</summary>
    Complete = 3,

    /// <summary>By stage one and part of the second: its time ran out.</summary>
    OutOfTime = 4,
}

/// <summary>What the model makes of one text.</summary>
/// <param name="Channel">Whose words it was read as.</param>
/// <param name="Depth">How far it has been looked at.</param>
/// <param name="Logit">Stage one's own number.</param>
/// <param name="EncoderLogit">The second stage's; not a number where it was not asked.</param>
/// <param name="Tail">How unusual the text is among benign ones, as −log10 of their share, both stages added.</param>
/// <param name="Probability">The same as a calibrated probability.</param>
/// <param name="IsFlagged">Whether the tail is above the channel's threshold.</param>
/// <param name="Marks">What <see cref="MarkNames"/> spells out: marks that definitions of tools bear, a bit each.</param>
/// <param name="View">Where the top span stands: -1 for the message itself, else the index of a decoded view.</param>
/// <param name="Start">First character of the top span, in the normal form.</param>
/// <param name="Length">Its length.</param>
public readonly record struct InjectionScore(
    TextChannel Channel, InjectionDepth Depth, float Logit, float EncoderLogit, double Tail, double Probability, bool IsFlagged, uint Marks, int View, int Start, int Length)
{
    /// <summary>Calibrated probability from which on a finding is grave.</summary>
    public const double SureFrom = 0.9;

    /// <summary>The logit of odd tokens alone; not a number where the channel has no weights for them.</summary>
    public float OddLogit { get; init; } = float.NaN;

    /// <summary>True where the second stage should be asked, or asked again.</summary>
    public bool NeedsEncoder => Depth is InjectionDepth.Undecided or InjectionDepth.OutOfTime;

    /// <summary>The names of all marks that there are.</summary>
    public static IReadOnlyList<string> KnownMarks => DefinitionRules.Weighed;

    /// <summary>The names of the marks.</summary>
    public IEnumerable<string> MarkNames
    {
        get
        {
            var marks = Marks;
            return DefinitionRules.Names.Where((_, i) => (marks & (1u << i)) != 0);
        }
    }

    /// <summary>The top span as a range of the message's bytes.</summary>
    /// <param name="text">The message that was scored.</param>
    public (int Start, int Length) ToBytes(MessageText text) => Length == 0 ? (0, 0) : (View < 0 ? text.Normal : text.View(View).Normal).ToBytes(Start, Length);
}
