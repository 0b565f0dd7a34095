using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Screening;

/// <summary>Screens answers: lists of tools by what may be called, everything else by what stands in it.</summary>
internal sealed class AnswerScreen(ToolListScreen tools, MessageScreen messages)
{
    /// <summary>Screens the answer to a call, or one on a stream that belongs to no call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="stream">What its stream said before; null for a single answer.</param>
    public ValueTask<Screened> ScreenAsync(Call call, McpMessage answer, StreamMemory? stream) =>
        ToolListScreen.IsList(call, answer) ? ScreenListAsync(call, answer) : new(Of(call, answer, messages.Answer(call, answer, stream)));

    // Tools are judged one by one; what stands around them is looked through like any answer.
    private async ValueTask<Screened> ScreenListAsync(Call call, McpMessage answer)
    {
        var limits = call.Exchange.Gateway.Limits;
        var around = messages.Around(call, answer, ToolsOf(answer, limits));
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
