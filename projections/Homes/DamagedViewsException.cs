namespace McpLedger.Projections.Homes;

/// <summary>A view that is there cannot be read: no fault of the record that touches it, nor of who asks for it.</summary>
/// <param name="name">Name of the views.</param>
/// <param name="inner">What is wrong with it.</param>
internal sealed class DamagedViewsException(string name, Exception? inner)
    : IOException($"The read models are damaged: a row of {name} cannot be read. 'mcpledger rebuild' folds the log anew and puts them right.", inner);
