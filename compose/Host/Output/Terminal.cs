using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace McpLedger.Host.Output;

/// <summary>
/// Where a verb speaks. For people: tables and colour; redirected: tab-separated lines that other programs can cut; with <c>--json</c>: one document
/// on standard output and nothing else there. Faults always go to standard error.
/// </summary>
internal sealed class Terminal(IAnsiConsole console, TextWriter output, TextWriter errors, bool json, bool redirected)
{
    private const nint StandardOutput = 1;

    public static JsonSerializerOptions JsonForm { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether a program reads, so that only <see cref="Document"/> may write to standard output.</summary>
    public bool IsJson => json;

    /// <summary>Whether a person looks at a screen.</summary>
    public bool IsInteractive => !json && !redirected;

    public IAnsiConsole Console => console;

    public static Terminal ForProcess(bool json) =>
        new(AnsiConsole.Console, System.Console.Out, System.Console.Error, json, System.Console.IsOutputRedirected);

    /// <summary>Standard output for what goes on without an end: where <see cref="System.Console"/> is silent about a reader that is gone, this fails with an <see cref="IOException"/>.</summary>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The writer owns the stream, and the stream does not own the handle.")]
    public static StreamWriter Pipe()
    {
        // A file has no reader that could go, and what standard error writes into the same one must not be written over.
        var direct = OperatingSystem.IsWindows() ? Stream.Null : new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return new(direct.CanSeek ? System.Console.OpenStandardOutput() : direct) { AutoFlush = true };
    }

    /// <summary>Says something to people, on one line or several.</summary>
    public void Line(string text)
    {
        if (!json)
        {
            output.WriteLine(Lines(text));
        }
    }

    /// <summary>Says how the next page is asked for, where there is one.</summary>
    public void More(string? cursor)
    {
        if (cursor is not null)
        {
            Line($"more: --cursor {cursor}");
        }
    }

    /// <summary>Begins a part of a longer output.</summary>
    public void Heading(string text)
    {
        if (json)
        {
            return;
        }

        if (redirected)
        {
            output.WriteLine();
            output.WriteLine($"== {OneLine(text)}");
        }
        else
        {
            console.WriteLine();
            console.Write(new Rule($"[bold]{Markup.Escape(OneLine(text))}[/]") { Justification = Justify.Left });
        }
    }

    /// <summary>Writes rows under columns.</summary>
    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string?>> rows)
    {
        if (json)
        {
            return;
        }

        if (redirected)
        {
            output.WriteLine(string.Join('\t', columns));
            foreach (var row in rows)
            {
                output.WriteLine(string.Join('\t', row.Select(c => OneLine(c ?? ""))));
            }

            return;
        }

        var table = new Table().RoundedBorder();
        table.AddColumns([.. columns.Select(c => new TableColumn($"[bold]{Markup.Escape(c)}[/]"))]);
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(c => new Text(OneLine(c ?? "")))]);
        }

        console.Write(table);
    }

    /// <summary>Writes the one document of <c>--json</c>.</summary>
    public void Document(object document)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(document, JsonForm));
        }
    }

    /// <summary>Says what went wrong, whoever reads.</summary>
    public void Error(string text) => errors.WriteLine(Lines(text));

    /// <summary>Control characters of what was recorded must not drive the terminal.</summary>
    public static string OneLine(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;

    private static string Lines(string text) => string.Join(Environment.NewLine, text.Split('\n').Select(l => OneLine(l.TrimEnd('\r'))));
}
