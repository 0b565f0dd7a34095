using System.IO.Compression;
using System.Text.Json;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>One recorded run of an agent.</summary>
/// <param name="Model">The model that drove it.</param>
/// <param name="Suite">What kind of work it was.</param>
/// <param name="Outcome">clean | attacked | hijacked.</param>
/// <param name="Turns">What it called, turn by turn.</param>
internal sealed record Trace(string Model, string Suite, string Outcome, IReadOnlyList<IReadOnlyList<TraceCall>> Turns)
{
    public const string Clean = "clean";
    public const string Hijacked = "hijacked";

    public int Calls => Turns.Sum(turn => turn.Count);

    /// <summary>The runs of a file of gzip'd JSON lines.</summary>
    public static IReadOnlyList<Trace> ReadAll(string path)
    {
        List<Trace> traces = [];
        using var lines = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (lines.ReadLine() is { } line)
        {
            using var run = JsonDocument.Parse(line);
            var root = run.RootElement;
            traces.Add(new(Word(root, "model"), Word(root, "suite"), Word(root, "outcome"), TurnsOf(root.GetProperty("events"))));
        }

        return traces;
    }

    private static List<IReadOnlyList<TraceCall>> TurnsOf(JsonElement events)
    {
        List<IReadOnlyList<TraceCall>> turns = [];
        List<TraceCall> turn = [];
        var answered = 0;
        foreach (var each in events.EnumerateArray())
        {
            switch (Word(each, "role"))
            {
                case "assistant" when each.TryGetProperty("calls", out var calls) && calls.GetArrayLength() > 0:
                    turn = [.. calls.EnumerateArray().Select(call => new TraceCall(Word(call, "tool"), Arguments(call), "", IsError: false))];
                    turns.Add(turn);
                    answered = 0;
                    break;
                case "tool" when answered < turn.Count:
                    turn[answered] = turn[answered] with { Result = Word(each, "text"), IsError = Word(each, "error").Length > 0 };
                    answered++;
                    break;
                default:
                    break;
            }
        }

        return turns;
    }

    private static byte[] Arguments(JsonElement call) => call.TryGetProperty("args", out var args) ? System.Text.Encoding.UTF8.GetBytes(args.GetRawText()) : [];

    private static string Word(JsonElement row, string name) => row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}

/// <summary>One call of a run with its result.</summary>
internal sealed record TraceCall(string Tool, byte[] Arguments, string Result, bool IsError);
