using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Screening;

/// <summary>Screens answers: lists of tools by what may be called, a server's word about itself by what was pinned of it, everything else by what stands in it.</summary>
internal sealed class AnswerScreen(ToolListScreen tools, InstructionsScreen instructions, MessageScreen messages)
{
    private const string Ambiguous = "It could be taken for a list of tools, and for a server's word about itself.";
    private const string Unjudged = "What may not pass, taken out of it, would make a list of tools of it, or a server's word about itself, that nobody judged.";

    /// <summary>Screens the answer to a call, or one on a stream that belongs to no call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="stream">What its stream said before; null for a single answer.</param>
    public async ValueTask<Screened> ScreenAsync(Call call, McpMessage answer, StreamMemory? stream)
    {
        var given = InstructionsScreen.In(call, answer);
        var isList = ToolListScreen.IsList(call, answer);
        var screened = (isList, given.IsEmpty) switch
        {
            (true, true) => await ScreenListAsync(call, answer),
            (false, false) => await ScreenInstructionsAsync(call, answer, given, stream),
            (false, true) => Of(call, answer, messages.Answer(call, answer, stream)),
            _ => new Screened(default, IsChanged: false, IsRecorded: true, Ambiguous) { Recorded = messages.Recordable(call.Exchange, answer) },
        };
        return IsUnjudged(call, screened, isList, !given.IsEmpty) ? screened with { Fault = Unjudged } : screened;
    }

    // A name with something hidden in it is another name before that is taken out, and after.
    private static bool IsUnjudged(Call call, in Screened screened, bool isList, bool isInstructions) =>
        screened is { IsChanged: true, Fault: null, Refusal: null }
        && call.What.Method is "initialize" or "server/discover" or "GET"
        && McpReader.Read(screened.Bytes, call.Exchange.Gateway.Limits).Message is var passed
        && ((!isList && ToolListScreen.IsList(call, passed)) || (!isInstructions && !InstructionsScreen.In(call, passed).IsEmpty));

    // Tools are judged one by one; what stands around them is looked through like any answer.
    private async ValueTask<Screened> ScreenListAsync(Call call, McpMessage answer)
    {
        var limits = call.Exchange.Gateway.Limits;
        var around = messages.Answer(call, answer, stream: null, ToolsOf(answer, limits));
        if (around.Refusal is not null)
        {
            return Of(call, answer, around);
        }

        var listed = await tools.ScreenAsync(call, around.Passed);
        var isChanged = listed.IsChanged || around.IsChanged;
        var released = !isChanged || listed.Bytes.IsEmpty ? default
            : around.Recorded.Raw.Equals(answer.Raw) ? listed.Bytes
            : messages.Recordable(call.Exchange, McpReader.Read(listed.Bytes, limits).Message).Raw;
        return listed with { IsChanged = isChanged, Recorded = around.Recorded, Released = released, Screening = around.Record };
    }

    // What is pinned is what is recorded of them. Those that nobody approved are looked through like the rest of the answer; those that an operator approved were read by somebody.
    private async ValueTask<Screened> ScreenInstructionsAsync(Call call, McpMessage answer, ReadOnlyMemory<byte> given, StreamMemory? stream)
    {
        var limits = call.Exchange.Gateway.Limits;
        var recorded = messages.Recordable(call.Exchange, answer);
        var fate = await instructions.JudgeAsync(call, ServerInstructions.In(recorded.Result, limits));
        if (fate == InstructionsFate.Unrecorded)
        {
            return new(default, IsChanged: false, IsRecorded: false, Fault: null) { Recorded = recorded };
        }

        if (fate == InstructionsFate.Served)
        {
            return Of(call, answer, messages.Answer(call, answer, stream));
        }

        var around = messages.Answer(call, answer, stream, given) with { Recorded = recorded };
        if (around.Refusal is not null)
        {
            return Of(call, answer, around);
        }

        var isWithheld = fate == InstructionsFate.Withheld;
        var passed = isWithheld ? ServerInstructions.Without(around.Passed, limits) : around.Passed.Raw;
        var released = messages.Recordable(call.Exchange, McpReader.Read(passed, limits).Message).Raw;
        return new(passed, IsChanged: isWithheld || around.IsChanged, IsRecorded: true, Fault: null)
        {
            Recorded = recorded,
            Released = released.Span.SequenceEqual(recorded.Raw.Span) ? default : released,
            Screening = RecordOf(around.Record, recorded, isMasked: !released.Span.SequenceEqual(passed.Span)),
        };
    }

    // What is recorded was masked here, not where the rest was looked through.
    private static ScreeningRecord? RecordOf(ScreeningRecord? around, in McpMessage recorded, bool isMasked) =>
        around is null && !isMasked ? null : (around ?? new() { Took = 0, State = ScreeningState.Complete }) with { Masked = isMasked ? true : null, Text = Digest.Of(recorded.Result.Span) };

    // From the first to the last; empty where there is none, or where nobody can say which there are.
    private static ReadOnlyMemory<byte> ToolsOf(in McpMessage answer, McpLimits limits) =>
        ToolList.TryRead(answer.Result, limits, out var listed, out _) && listed is [var first, ..] && answer.Raw.Span.Overlaps(first.Raw.Span, out var start) && answer.Raw.Span.Overlaps(listed[^1].Raw.Span, out var last)
            ? answer.Raw[start..(last + listed[^1].Raw.Length)]
            : default;

    private static Screened Of(Call call, in McpMessage answer, in ScreenedMessage screened)
    {
        if (screened.Refusal is { } reason)
        {
            ReadOnlyMemory<byte> told = call.What.Method == "tools/call" && (call.Message.Id ?? call.What.Id) is { } id
                ? McpErrors.ToolError(id, reason, call.Era == McpEra.Modern)
                : McpErrors.Write(answer.Id, Answers.Refusal.RefusedByPolicy, reason, null);
            return new(told, IsChanged: true, IsRecorded: true, Fault: null) { Recorded = screened.Recorded, Released = told, Screening = screened.Record, Refusal = reason };
        }

        return new(screened.Passed.Raw, screened.IsChanged, IsRecorded: true, Fault: null) { Recorded = screened.Recorded, Released = screened.Released, Screening = screened.Record };
    }
}
