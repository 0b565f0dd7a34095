using System.Globalization;

namespace McpLedger.Host.Configuration;

/// <summary>One thing that is wrong with a configuration, where it stands and how to put it right.</summary>
/// <param name="Path">Path of the key, such as <c>servers.github.headers</c>; empty for the whole file.</param>
/// <param name="Line">Line in the file, from 1; 0 when the fault has no place in it.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Problem">What was found. Never holds a secret's value.</param>
/// <param name="Fix">What to write instead.</param>
internal sealed record ConfigFault(string Path, int Line, int Column, string Problem, string Fix)
{
    public string Describe(string file) => string.Create(
        CultureInfo.InvariantCulture,
        $"{file}{(Line > 0 ? $":{Line}:{Column}" : "")}: {(Path.Length > 0 ? Path + ": " : "")}{Problem} Fix: {Fix}");
}
