namespace McpLedger.Detectors.Training.Data;

/// <summary>One labelled text of a corpus.</summary>
/// <param name="Source">The corpus it comes from.</param>
/// <param name="IsAttack">Whether it carries an instruction that does not belong there.</param>
/// <param name="Channel">As the corpus says: user, doc, tool_response or tool_def.</param>
/// <param name="Family">The corpus's own subdivision; may be empty.</param>
/// <param name="Text">The text as it stood.</param>
public sealed record LabelledText(string Source, bool IsAttack, string Channel, string Family, string Text);
