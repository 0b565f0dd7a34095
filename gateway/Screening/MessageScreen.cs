using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Redaction;
using McpLedger.Detectors.Text;
using McpLedger.Gateway.Capture;

namespace McpLedger.Gateway.Screening;

/// <summary>
/// Looks through what passes, and makes of each message what may pass, what is recorded, and what the event says. Whatever breaks here, the message is treated as the policy says of what could not
/// be screened (I7).
/// </summary>
internal sealed class MessageScreen(ScreeningDesks desks, BodyScreen bodies, FindingLog findings, ScreeningTelemetry telemetry, TimeProvider time)
{
    private const string Unscreenable = "It could not be screened.";
    private const string Other = "What may not pass, taken out of it, would make another request than the one that was asked for.";

    /// <summary>Looks through what a client sends.</summary>
    public ScreenedMessage Request(Call call, in McpMessage message) => Screen(call, message, ScreeningPlace.Arguments, TextChannel.User, "arguments", stream: null);

    /// <summary>Looks through the answer to a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="stream">What its stream said before; null for a single answer.</param>
    /// <param name="judged">A value in it, or values of an array, that are judged otherwise and stay as they are; empty for none.</param>
    public ScreenedMessage Answer(Call call, in McpMessage answer, StreamMemory? stream, ReadOnlyMemory<byte> judged = default) =>
        Screen(call, answer, ScreeningPlace.Results, IsListing(call.What.Method) ? TextChannel.Definition : TextChannel.Response, "result", stream, judged);

    /// <summary>Looks through a message that a server sends of its own, inside a stream.</summary>
    public ScreenedMessage Message(Call call, in McpMessage message, StreamMemory? stream) => Screen(call, message, ScreeningPlace.Results, TextChannel.Response, "message", stream);

    /// <summary>Looks through an answer that is no JSON-RPC: as JSON where it is that.</summary>
    public ScreenedText Text(Call call, ReadOnlyMemory<byte> bytes)
    {
        if (call.Exchange.Gateway.Screening is not { } policy || bytes.IsEmpty)
        {
            return new(bytes, bytes, null, null);
        }

        var part = PartOf(call, policy, McpKind.Unreadable, "", ScreeningPlace.Results, TextChannel.Response).OfBytes(bytes, call.Exchange.Gateway.Limits);
        var began = time.GetTimestamp();
        var desk = desks.Rent(policy.MaxChars);
        TryRun(desk, bytes.Span, part, policy, null, began);
        var passed = Apply(bytes, 0, bytes.Length, desk.Passed);
        Unite(desk, desk.Masked, desk.Passed);
        var recorded = Apply(bytes, 0, bytes.Length, desk.Masked);
        var screened = new ScreenedText(passed, recorded, RecordOf(desk, recorded.Span, 0, part, policy, began), Told(desk, toServer: false));
        desks.Return(desk);
        Raise(call, "result", screened.Record);
        return screened;
    }

    /// <summary>A call as it may be recorded, when its message passes to nobody and so was not looked through.</summary>
    public Call Recordable(Call call)
    {
        if (call.Screening is not null || call.Message.Kind == McpKind.Unreadable)
        {
            return call;
        }

        var masked = Mask(call.Exchange, call.Message, call.Message.Raw);
        return masked.Equals(call.Message.Raw) || McpReader.Read(masked, call.Exchange.Gateway.Limits) is not { IsRead: true } read ? call : call.After(new(call.Message, read.Message));
    }

    /// <summary>What may be recorded of a message that passes to nobody.</summary>
    public McpMessage Recordable(Exchange exchange, in McpMessage message)
    {
        var masked = Mask(exchange, message, message.Raw);
        return !masked.Equals(message.Raw) && McpReader.Read(masked, exchange.Gateway.Limits) is { IsRead: true } read ? read.Message : message;
    }

    /// <summary>What may be recorded of bytes that are no message and pass to nobody.</summary>
    public ReadOnlyMemory<byte> Recordable(Exchange exchange, ReadOnlyMemory<byte> bytes) => Mask(exchange, default, bytes);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Evidence that could not be masked is kept whole rather than lost; the log says so.")]
    private ReadOnlyMemory<byte> Mask(Exchange exchange, in McpMessage message, ReadOnlyMemory<byte> bytes)
    {
        if (exchange.Gateway.Screening is not { } policy || bytes.IsEmpty || policy.Of(exchange.ServerName, null) is not { } rules || !rules.Looks(ScreeningPlace.Ledger))
        {
            return bytes;
        }

        try
        {
            var desk = desks.Rent(policy.MaxChars);
            var part = new ScreenedPart(ScreenedPart.Whole, ScreeningPlace.Ledger, TextChannel.Response, exchange.ServerName, OwnerOf(exchange), rules);
            var isMessage = message.Kind != McpKind.Unreadable;
            bodies.Mask(desk, bytes.Span, isMessage ? part : part.OfBytes(bytes, exchange.Gateway.Limits));
            var masked = isMessage ? Masked(desk, message, 0, bytes.Length, desk.Masked, exchange.Gateway.Limits, out _).Raw : Apply(bytes, 0, bytes.Length, desk.Masked);
            desks.Return(desk);
            return masked;
        }
        catch (Exception e)
        {
            telemetry.Failed(e);
            return bytes;
        }
    }

    private ScreenedMessage Screen(Call call, in McpMessage message, ScreeningPlace place, TextChannel channel, string said, StreamMemory? stream, ReadOnlyMemory<byte> without = default)
    {
        var (body, root) = BodyOf(message);
        if (call.Exchange.Gateway.Screening is not { } policy)
        {
            return ScreenedMessage.Same(message);
        }

        var part = PartOf(call, policy, message.Kind, root, place, channel);
        if (!part.Rules.Looks(place))
        {
            return ScreenedMessage.Same(message);
        }

        var began = time.GetTimestamp();
        var desk = desks.Rent(policy.MaxChars);
        if (message.IsExtended || HoldsValue(desk, message))
        {
            (body, part) = (message.Raw, part with { Root = ScreenedPart.Whole });
        }

        if (body.IsEmpty)
        {
            desks.Return(desk);
            return ScreenedMessage.Same(message);
        }

        part = part with { Handles = HandlesOf(message, body) };
        TryRun(desk, Without(body, without).Span, part, policy, stream, began);
        var screened = desk.Notes.IsEmpty && desk.Masked.IsEmpty && desk.Passed.IsEmpty ? ScreenedMessage.Same(message) : Make(call, message, body, desk, part, policy, began);
        desks.Return(desk);

        // What a finding says of the call is recorded too.
        Raise(place == ScreeningPlace.Arguments && screened.Record is not null ? call.After(screened) : call, said, screened.Record);
        return screened;
    }

    // An id and a method are the sender's too, but hardly ever texts: only where one holds something are they looked through with the rest.
    private static bool HoldsValue(ScreeningDesk desk, in McpMessage message)
    {
        DlpScan.Run(message.Method.AsSpan(), desk.Values);
        if (desk.Values.All.IsEmpty && message.Id is { } id && id.Utf8.Span[0] == '"')
        {
            desk.Text.Read(id.Utf8.Span, TextChannel.User);
            DlpScan.Run(desk.Text, desk.Values);
        }

        return !desk.Values.All.IsEmpty;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A detector that breaks must neither end the call nor let its text pass unseen (I7).")]
    private void TryRun(ScreeningDesk desk, ReadOnlySpan<byte> body, in ScreenedPart part, ScreeningPolicy policy, StreamMemory? stream, long began)
    {
        try
        {
            bodies.Run(desk, body, part, policy, stream, began);
            telemetry.Screened(part.Place == ScreeningPlace.Arguments ? "arguments" : "results", time.GetElapsedTime(began), desk.Notes.Scored);
        }
        catch (Exception e)
        {
            telemetry.Failed(e);
            Fail(desk, part.Rules);
        }
    }

    // What was planned before it broke is worth nothing.
    private static void Fail(ScreeningDesk desk, ScreeningRules rules)
    {
        desk.Begin();
        desk.Notes.Lapse(ScreeningState.Failed, rules.OnFailure, Unscreenable);
    }

    private ScreenedMessage Make(Call call, in McpMessage message, ReadOnlyMemory<byte> body, ScreeningDesk desk, in ScreenedPart part, ScreeningPolicy policy, long began)
    {
        var offset = OffsetOf(message, body);
        var limits = call.Exchange.Gateway.Limits;
        if (part.Root == ScreenedPart.Whole && message.Id is { } id)
        {
            // It joins request and answer: what passes keeps it, what is recorded need not.
            desk.Passed.Remove(OffsetOf(message, id.Utf8), id.Utf8.Length);
        }

        var passed = McpReader.Read(Apply(message.Raw, offset, body.Length, desk.Passed), limits);
        desk.Joining.Clear();
        Unite(desk, desk.Joining, desk.Masked);
        if (part.Place == ScreeningPlace.Arguments)
        {
            // One form is recorded of a request: what is forwarded, without what the ledger may not hold.
            Unite(desk, desk.Masked, desk.Passed);
        }

        var masked = McpReader.Read(Apply(message.Raw, offset, body.Length, desk.Masked), limits);
        var (recorded, isLost) = (masked.Message, false);
        if (!passed.IsRead || !masked.IsRead)
        {
            // Two names became one, or a name grew too long: nobody may guess what that would mean to the receiver.
            Fail(desk, part.Rules);
            passed = McpReader.Read(message.Raw, limits);
            recorded = masked.IsRead ? recorded : Masked(desk, message, offset, body.Length, desk.Joining, limits, out isLost);
            if (isLost)
            {
                desk.Notes.Refuse(Unscreenable);
            }

            desk.Notes.IsMasked = !recorded.Raw.Span.SequenceEqual(message.Raw.Span);
        }

        if (part.Place == ScreeningPlace.Arguments && !AsksForTheSame(passed.Message, message))
        {
            desk.Notes.Refuse(Other);
        }

        ReadOnlyMemory<byte> released = default;
        if (part.Place == ScreeningPlace.Results && !desk.Passed.IsEmpty)
        {
            Unite(desk, desk.Passed, desk.Masked);
            var both = Apply(message.Raw, offset, body.Length, desk.Passed);
            released = both.Span.SequenceEqual(recorded.Raw.Span) ? default : both;
        }

        var recordedBody = part.Root == ScreenedPart.Whole ? recorded.Raw : BodyOf(recorded).Body;
        return new(passed.Message, recorded)
        {
            IsChanged = !passed.Message.Raw.Span.SequenceEqual(message.Raw.Span),
            Released = released,
            Record = RecordOf(desk, recordedBody.Span, offset, part, policy, began),
            Refusal = Told(desk, part.Place == ScreeningPlace.Arguments),
        };
    }

    // What was decided, and what the headers say, is about these.
    private static bool AsksForTheSame(in McpMessage passed, in McpMessage sent) =>
        passed.Kind == sent.Kind && passed.Method == sent.Method && passed.Name == sent.Name
        && passed.MetaProtocolVersion == sent.MetaProtocolVersion && passed.InitializeProtocolVersion == sent.InitializeProtocolVersion;

    // What may not be recorded never is: where masking alone makes one name of two, the placeholders are numbered, and what cannot be read even so is not kept.
    private static McpMessage Masked(ScreeningDesk desk, in McpMessage message, int offset, int length, EditList masks, McpLimits limits, out bool isLost)
    {
        isLost = false;
        if (masks.IsEmpty)
        {
            return message;
        }

        var read = McpReader.Read(Apply(message.Raw, offset, length, masks), limits);
        if (!read.IsRead)
        {
            masks.Number();
            read = McpReader.Read(Apply(message.Raw, offset, length, masks), limits);
        }

        isLost = !read.IsRead;
        return isLost ? UnrecordableMessage.Of(message, HoldsValue(desk, message)) : read.Message;
    }

    private static void Unite(ScreeningDesk desk, EditList into, EditList other)
    {
        desk.Step.Clear();
        into.Add(other, desk.Step);
        into.Settle();
    }

    private ScreeningRecord? RecordOf(ScreeningDesk desk, ReadOnlySpan<byte> recorded, int offset, in ScreenedPart part, ScreeningPolicy policy, long began)
    {
        var notes = desk.Notes;
        if (notes.IsEmpty)
        {
            return null;
        }

        var scored = notes.Scored;
        var model = policy.Detector.Model;
        return new()
        {
            Model = scored is null ? null : model.Id,
            Digest = scored is not null && Digest.TryParse(model.Digest, out var digest) ? digest : null,
            Took = (long)time.GetElapsedTime(began).TotalMicroseconds,
            State = notes.State,
            Scores = scored is null ? [] : [InjectionScreen.Of(scored.Score, model)],
            Findings = notes.List(part, desk.Masked, recorded, offset),
            Unlisted = notes.Unlisted,
            Masked = notes.IsMasked ? true : null,
            Text = Digest.Of(recorded),
        };
    }

    private void Raise(Call call, string channel, ScreeningRecord? record)
    {
        if (record is not null)
        {
            findings.Raise(call, channel, record);
        }
    }

    private static string? Told(ScreeningDesk desk, bool toServer) =>
        desk.Notes.Refusal is not { } reason ? null : toServer ? $"The gateway's screening did not let this call pass. {reason}" : $"The gateway's screening withheld the answer. {reason}";

    private static ScreenedPart PartOf(Call call, ScreeningPolicy policy, McpKind kind, string root, ScreeningPlace place, TextChannel channel)
    {
        var server = call.What.Server;
        var rules = call.What.Method == "tools/call" ? policy.Of(server, call.What.Name) : IsOfAnyTool(call.What.Method, kind) ? policy.StrictestOf(server) : policy.Of(server, tool: null);
        return new(root, place, channel, server, OwnerOf(call.Exchange), rules);
    }

    private static SecretOwner OwnerOf(Exchange exchange) => new(exchange.Principal.Issuer, exchange.Principal.Subject, exchange.Principal.Agent);

    private static (ReadOnlyMemory<byte> Body, string Root) BodyOf(in McpMessage message) =>
        message.Kind != McpKind.Response ? (message.Params, "$.params") : !message.Result.IsEmpty ? (message.Result, "$.result") : (message.Error, "$.error");

    private static (int Start, int Length)[] HandlesOf(in McpMessage message, ReadOnlyMemory<byte> body)
    {
        if (message.Handles is not { Count: > 0 } handles)
        {
            return [];
        }

        List<(int Start, int Length)> inBody = [];
        foreach (var each in handles)
        {
            if (body.Span.Overlaps(each.Span, out var start))
            {
                inBody.Add((start, each.Length));
            }
        }

        return [.. inBody];
    }

    private static int OffsetOf(in McpMessage message, ReadOnlyMemory<byte> body) => message.Raw.Span.Overlaps(body.Span, out var offset) ? offset : 0;

    // Which tool a task, or an answer on a stream of its own, is of only its server knows.
    private static bool IsOfAnyTool(string? method, McpKind kind) =>
        method is "tasks/get" or "tasks/result" or "tasks/update" or "tasks/cancel" or "tasks/list" || (method == "GET" && kind == McpKind.Response);

    // A server's words about itself.
    private static bool IsListing(string? method) => method is "initialize" or "server/discover" or "prompts/list" or "resources/list" or "resources/templates/list";

    // With blanks in its place every byte else stays where it is.
    private static ReadOnlyMemory<byte> Without(ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> part)
    {
        if (!body.Span.Overlaps(part.Span, out var start))
        {
            return body;
        }

        var rest = body.ToArray();
        rest.AsSpan(start, part.Length).Fill((byte)' ');
        return rest;
    }

    private static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> message, int start, int length, EditList edits)
    {
        if (edits.IsEmpty)
        {
            return message;
        }

        var body = message.Span.Slice(start, length);
        var changed = new byte[message.Length - length + edits.LengthAfter(length)];
        message.Span[..start].CopyTo(changed);
        var written = edits.Apply(body, changed.AsSpan(start));
        message.Span[(start + length)..].CopyTo(changed.AsSpan(start + written));
        return changed;
    }
}
