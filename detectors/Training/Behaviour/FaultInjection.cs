using System.Text;
using System.Text.Json.Nodes;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>Ways in which an agent runs away, put into real runs. The same seed makes the same faults.</summary>
internal static class FaultInjection
{
    private const int Repeats = 12;

    /// <summary>Faults that are loops.</summary>
    public static readonly Fault[] Loops = [Fault.Identical, Fault.Near, Fault.Cycle2, Fault.Cycle3, Fault.RetryStorm, Fault.NearCycle];

    /// <summary>All faults.</summary>
    public static readonly Fault[] All = [.. Loops, Fault.Burst, Fault.TokenGrowth, Fault.SlowExfiltration];

    /// <summary>The run with the fault in it; null when it is too short to hold it.</summary>
    public static FaultyTrace? Make(Trace trace, Fault fault, Dice dice)
    {
        List<TraceCall> calls = [.. trace.Turns.SelectMany(turn => turn)];
        var period = fault switch { Fault.Cycle2 or Fault.NearCycle => 2, Fault.Cycle3 => 3, _ => 1 };
        if (calls.Count < period + 1)
        {
            return null;
        }

        var at = dice.Between(period, calls.Count - 1);
        var round = calls[(at - period)..at];
        if (period > 1 && round.Select(call => Encoding.UTF8.GetString(call.Arguments) + call.Tool).Distinct(StringComparer.Ordinal).Count() < period)
        {
            return null;
        }

        List<TraceCall> added = [];
        for (var i = 0; i < Repeats; i++)
        {
            added.Add(Next(round[i % period], fault, i, dice));
        }

        calls.InsertRange(at, added);
        return new(trace with { Turns = [.. calls.Select(call => (IReadOnlyList<TraceCall>)[call])] }, at, fault == Fault.Burst ? 0.01 : 1);
    }

    private static TraceCall Next(TraceCall call, Fault fault, int i, Dice dice) => fault switch
    {
        Fault.Near or Fault.NearCycle => call with { Arguments = Jitter(call.Arguments, i, dice) },
        Fault.RetryStorm => call with { Arguments = i % 2 == 0 ? call.Arguments : Jitter(call.Arguments, i, dice), Result = "Error: the service did not answer in time.", IsError = true },
        Fault.Burst => call with { Arguments = Encoding.UTF8.GetBytes($$"""{"item":"{{Word(dice)}}","page":{{i}}}"""), Result = $"Part {i}: {Word(dice)} {Word(dice)}" },
        Fault.TokenGrowth => call with { Arguments = Encoding.UTF8.GetBytes($$"""{"item":"{{Word(dice)}}"}"""), Result = Filler(200 << i, dice) },
        Fault.SlowExfiltration => call with { Tool = "send_email", Arguments = Encoding.UTF8.GetBytes($$"""{"to":"{{Word(dice)}}@{{Word(dice)}}.example","body":"{{Filler(20_000, dice)}}"}"""), Result = "Sent." },
        _ => call,
    };

    // What a model changes when it tries again: a number, the letter case, a space or a full stop.
    private static byte[] Jitter(byte[] arguments, int i, Dice dice)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(arguments);
        }
        catch (System.Text.Json.JsonException)
        {
            return arguments;
        }

        if (json is not JsonObject members)
        {
            return arguments;
        }

        foreach (var name in members.Select(member => member.Key).ToArray())
        {
            if (members[name] is not JsonValue value)
            {
                continue;
            }

            if (value.TryGetValue<long>(out var number))
            {
                members[name] = number + i;
            }
            else if (value.TryGetValue<string>(out var text))
            {
                members[name] = dice.Below(3) switch { 0 => text + ".", 1 => text.ToUpperInvariant(), _ => " " + text };
            }
        }

        return Encoding.UTF8.GetBytes(members.ToJsonString());
    }

    private static string Filler(int length, Dice dice)
    {
        var text = new StringBuilder();
        while (text.Length < Math.Min(length, 400_000))
        {
            text.Append(Word(dice)).Append(' ');
        }

        return text.ToString();
    }

    private static string Word(Dice dice)
    {
        Span<char> letters = stackalloc char[dice.Between(3, 10)];
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = (char)('a' + dice.Below(26));
        }

        return letters.ToString();
    }
}

/// <summary>A way to run away.</summary>
internal enum Fault
{
    Identical,
    Near,
    Cycle2,
    Cycle3,
    NearCycle,
    RetryStorm,
    Burst,
    TokenGrowth,
    SlowExfiltration,
}

/// <summary>A run with a fault in it.</summary>
/// <param name="Trace">The run.</param>
/// <param name="At">The first call of the fault.</param>
/// <param name="Pace">Factor on the time between calls from there on.</param>
internal sealed record FaultyTrace(Trace Trace, int At, double Pace);
