using System.Globalization;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Answers;

/// <summary>Refuses: first the event, then the answer (I1). No upstream sees a byte.</summary>
internal sealed class Refuser(CallRecorder recorder, MessageScreen screen, RefusalFlood flood, GatewayTelemetry telemetry)
{
    /// <summary>Refuses a call.</summary>
    /// <param name="call">The call, as far as it is known.</param>
    /// <param name="body">The bytes that arrived for it.</param>
    /// <param name="isPartial">Whether more came, or would have, than was read.</param>
    /// <param name="refusal">Why and how.</param>
    /// <param name="answer">Where to say so.</param>
    public async ValueTask RefuseAsync(Call call, ReadOnlyMemory<byte> body, bool isPartial, Refusal refusal, ClientAnswer answer)
    {
        var unrecorded = 0L;
        if (!call.Exchange.IsIdentified && !flood.TryEnter(call.Exchange.Peer, out unrecorded))
        {
            telemetry.RefusalUnrecorded();
            answer.SetHeader(HeaderNames.RetryAfter, "1");
            await answer.JsonAsync(StatusCodes.Status429TooManyRequests, McpErrors.Write(call.Message.Id, Refusal.RefusedByPolicy, "Too many refused requests. Wait a second.", null));
            return;
        }

        call = screen.Recordable(call);
        var content = !call.Exchange.IsIdentified ? OfStranger(call.Exchange, body, isPartial)
            : call.Message.Kind == McpKind.Unreadable ? await recorder.OfBytesAsync(screen.Recordable(call.Exchange, body))
            : await recorder.OfJsonAsync(call.Recorded.Raw);
        if (content is null || !await RecordAsync(call, content with { Partial = content.Partial || isPartial }, refusal, unrecorded))
        {
            await UnrecordableAsync(call, answer);
            return;
        }

        telemetry.Refused(call, refusal);
        answer.Name(call.Id);
        if (refusal.Header is { } header)
        {
            answer.SetHeader(header.Name, header.Value);
        }

        await answer.JsonAsync(refusal.Status, Write(call, refusal));
    }

    /// <summary>Says that the ledger cannot record, so nothing passes.</summary>
    public static ValueTask UnrecordableAsync(Call call, ClientAnswer answer)
    {
        answer.SetHeader(HeaderNames.RetryAfter, "1");
        return answer.JsonAsync(
            StatusCodes.Status503ServiceUnavailable,
            McpErrors.Write(call.Message.Id, McpErrors.InternalError, "The audit ledger cannot record now, so nothing passes. Try again.", null));
    }

    private Content OfStranger(Exchange exchange, ReadOnlyMemory<byte> body, bool isPartial)
    {
        var kept = body[..Math.Min(body.Length, ContentStore.MaxInline)];
        return ContentStore.OfStranger(screen.Recordable(exchange, kept).Span, isPartial || kept.Length < body.Length);
    }

    // A reason may repeat what the caller sent.
    private string Recordable(Exchange exchange, string reason) => Encoding.UTF8.GetString(screen.Recordable(exchange, Encoding.UTF8.GetBytes(reason)).Span);

    private ValueTask<bool> RecordAsync(Call call, Content content, Refusal refusal, long unrecorded) => recorder.RecordAsync(
        new CallRefused
        {
            Call = call.Id,
            Who = call.Who,
            What = call.What,
            Request = content,
            Decision = new()
            {
                Verdict = Verdict.Refused,
                Rules = refusal.Rules,
                Policy = call.Exchange.Gateway.Policy.Digest,
                Reason = Recordable(call.Exchange, refusal.Reason),
                Facts = unrecorded == 0 ? refusal.Facts : new Dictionary<string, string>(StringComparer.Ordinal) { ["unrecordedBefore"] = unrecorded.ToString(CultureInfo.InvariantCulture) },
            },
            Where = call.Where,
            Status = refusal.Status,
            Code = refusal.Code,
            Screening = call.Screening,
        },
        call.Subject,
        call.PartitionKey,
        RecordPhase.Request,
        call.Exchange.Gateway.Config.Record);

    private static byte[] Write(Call call, Refusal refusal) =>
        refusal.Code is { } code ? McpErrors.Write(refusal.Id ?? call.Message.Id, code, refusal.Told, refusal.Data)
        : McpErrors.ToolError(call.Message.Id!.Value, refusal.Told, call.Era == McpEra.Modern);
}
