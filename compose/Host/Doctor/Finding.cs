using System.Text.Json.Serialization;

namespace McpLedger.Host.Doctor;

/// <summary>How bad it is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FindingLevel>))]
internal enum FindingLevel
{
    /// <summary>It will not work.</summary>
    Error = 0,

    /// <summary>It works, but probably not as meant.</summary>
    Warning = 1,

    /// <summary>It is fine.</summary>
    Ok = 2,
}

/// <summary>What one check found.</summary>
/// <param name="Check">Name of the check.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Message">What was found.</param>
/// <param name="Fix">What to do; null when there is nothing to do.</param>
internal sealed record Finding(string Check, FindingLevel Level, string Message, string? Fix);
