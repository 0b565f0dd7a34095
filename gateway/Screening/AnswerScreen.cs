using McpLedger.Contracts.Mcp;
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
        ToolListScreen.IsList(call, answer) ? ScreenListAsync(call, answer) : new(Screen(call, answer, stream));

    private async ValueTask<Screened> ScreenListAsync(Call call, McpMessage answer)
    {
        var listed = await tools.ScreenAsync(call, answer);
        return listed with { Recorded = answer, Released = listed.IsChanged ? listed.Bytes : default };
    }

    private Screened Screen(Call call, in McpMessage answer, StreamMemory? stream)
    {
        var screened = messages.Answer(call, answer, stream);
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
