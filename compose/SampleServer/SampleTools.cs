using System.ComponentModel;
using System.Globalization;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace McpLedger.SampleServer;

/// <summary>Small tools that do what they say: enough to see each kind of call go through a gateway.</summary>
internal sealed class SampleTools(Notebook notebook, TimeProvider time)
{
    [McpServerTool(Name = "clock", ReadOnly = true), Description("Tells the time, UTC.")]
    public string Clock() => time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);

    [McpServerTool(Name = "count_words", ReadOnly = true, Idempotent = true), Description("Counts the words of a text.")]
    public static int CountWords([Description("The text.")] string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    [McpServerTool(Name = "search_text", ReadOnly = true, Idempotent = true), Description("Finds the lines of a short text about ledgers that hold a word.")]
    public static string SearchText([Description("The word.")] string word)
    {
        string[] found = [.. Notebook.Text.Where(l => l.Contains(word, StringComparison.OrdinalIgnoreCase))];
        return found.Length > 0 ? string.Join('\n', found) : throw new McpException($"No line holds '{word}'.");
    }

    [McpServerTool(Name = "write_note", Idempotent = true), Description("Keeps a note under a title.")]
    public string WriteNote([Description("The title.")] string title, [Description("The note.")] string text) =>
        notebook.Write(title, text) ? $"kept '{title}'" : throw new McpException("The notebook is full.");

    [McpServerTool(Name = "list_notes", ReadOnly = true), Description("Lists the titles of all notes.")]
    public IReadOnlyCollection<string> ListNotes() => notebook.Titles;

    [McpServerTool(Name = "delete_note", Destructive = true), Description("Deletes a note for good.")]
    public string DeleteNote([Description("The title.")] string title) =>
        notebook.Delete(title) ? $"deleted '{title}'" : throw new McpException($"There is no note '{title}'.");

    [McpServerTool(Name = "slow_report", ReadOnly = true), Description("Writes a report in steps and tells how far it is.")]
    public async Task<string> SlowReport(
        IProgress<ProgressNotificationValue> progress,
        [Description("How many steps, 1 to 20.")] int steps,
        [Description("Milliseconds a step, 1 to 2000.")] int stepMilliseconds,
        CancellationToken cancellationToken)
    {
        var count = Math.Clamp(steps, 1, 20);
        for (var step = 1; step <= count; step++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(stepMilliseconds, 1, 2000)), time, cancellationToken);
            progress.Report(new() { Progress = step, Total = count, Message = $"step {step} of {count}" });
        }

        return $"{count} steps done";
    }
}
