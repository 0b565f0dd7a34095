using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Capture;

/// <summary>A POST: bounded read, strict parse, era and header rules, identity, session; then each message goes on its way.</summary>
internal sealed class PostDoor(Intake intake, CallHandler calls, SpokenVersions versions, TimeProvider time)
{
    public async ValueTask HandleAsync(Exchange exchange)
    {
        var request = exchange.Http.Request;
        var answer = new ClientAnswer(exchange.Http, isBatch: false, time);
        var limits = exchange.Gateway.Config.Limits;
        var longest = exchange.IsIdentified ? limits.MaxRequestBytes : Math.Min(limits.MaxRequestBytes, ContentStore.MaxInline);
        var body = await BodyReader.ReadAsync(request, longest, limits.BodyTimeout, time);
        if (RefusalOf(exchange, body, limits) is { } refusal)
        {
            if (body.Status != BodyStatus.Whole)
            {
                // Whatever else comes on this connection is the rest of a body that nobody reads.
                answer.SetHeader(HeaderNames.Connection, "close");
            }

            await intake.RefuseAsync(exchange, null, body, refusal, answer);
        }
        else if (McpReader.IsBatch(body.Bytes.Span))
        {
            await HandleBatchAsync(exchange, body, answer);
        }
        else
        {
            await HandleOneAsync(exchange, McpReader.Read(body.Bytes, exchange.Gateway.Limits), body, answer);
        }
    }

    private async ValueTask HandleOneAsync(Exchange exchange, McpRead read, Body body, ClientAnswer answer)
    {
        if (!read.IsRead)
        {
            await intake.RefuseAsync(exchange, null, body, Refusal.Of(read.Fault!), answer);
            return;
        }

        var message = read.Message;
        var fault = McpEraRules.Check(message, HeadersOf(exchange.Http.Request), out var era, out var protocol) ?? ExtensionOf(message);
        var seen = new ReadMessage(message, era, protocol);
        var refusal = fault is not null ? Refusal.Of(fault with { Data = DataOf(exchange, fault) })
            : Intake.CheckIdentity(exchange)
            ?? (era == McpEra.Modern ? null : ModernOnly(exchange) ?? (message.Method == "initialize" ? null : intake.OpenSession(exchange)));
        if (refusal is not null)
        {
            await intake.RefuseAsync(exchange, seen, body, refusal, answer);
        }
        else if (await intake.TryHopAsync(exchange, body.Bytes, message.Id, answer) is { } hop)
        {
            await (hop.Refusal is null ? default : intake.RefuseAsync(exchange, seen, body, hop.Refusal, answer));
        }
        else
        {
            await calls.HandleAsync(exchange, message, era, protocol, answer);
        }
    }

    // Arrays exist in one revision only, and each of their messages is judged, recorded and forwarded as if it had come alone.
    private async ValueTask HandleBatchAsync(Exchange exchange, Body body, ClientAnswer whole)
    {
        var limits = exchange.Gateway.Config.Limits;
        var headers = HeadersOf(exchange.Http.Request);
        var version = headers.ProtocolVersion ?? McpRevisions.Assumed;
        var batch = version == McpRevisions.WithBatches
            ? McpReader.ReadBatch(body.Bytes, exchange.Gateway.Limits, limits.MaxBatch)
            : new([], new(StatusCodes.Status400BadRequest, McpErrors.InvalidRequest, $"The body is an array, which only {McpRevisions.WithBatches} has. Send one message a request.", null));
        var refusal = batch.Fault is not null ? Refusal.Of(batch.Fault) : Intake.CheckIdentity(exchange) ?? ModernOnly(exchange) ?? intake.OpenSession(exchange);
        if (refusal is not null)
        {
            await intake.RefuseAsync(exchange, null, body, refusal, whole);
        }
        else if (await intake.TryHopAsync(exchange, body.Bytes, id: null, whole) is { } hop)
        {
            await (hop.Refusal is null ? default : intake.RefuseAsync(exchange, null, body, hop.Refusal, whole));
        }
        else
        {
            var answer = new ClientAnswer(exchange.Http, isBatch: true, time);
            foreach (var read in batch.Messages)
            {
                await HandleInBatchAsync(exchange, read, headers, answer);
            }

            if (!answer.HasBegun)
            {
                whole.Accept(StatusCodes.Status202Accepted);
            }
        }
    }

    private async ValueTask HandleInBatchAsync(Exchange exchange, McpRead read, McpRequestHeaders headers, ClientAnswer answer)
    {
        var fault = read.Fault ?? McpEraRules.Check(read.Message, headers, out _, out _) ?? ExtensionOf(read.Message);
        if (fault is null)
        {
            await calls.HandleAsync(exchange, read.Message, McpEra.Legacy, McpRevisions.WithBatches, answer);
        }
        else
        {
            await intake.RefuseAsync(exchange, read.IsRead ? new(read.Message, McpEra.Legacy, McpRevisions.WithBatches) : null, new(BodyStatus.Whole, read.Raw), Refusal.Of(fault), answer);
        }
    }

    private static Refusal? RefusalOf(Exchange exchange, Body body, LimitsConfig limits) => body.Status switch
    {
        // Of a stranger no more is read than is kept, and what it must be told is not the length.
        BodyStatus.TooLarge when Intake.CheckIdentity(exchange) is { } unknown => unknown,
        BodyStatus.TooLarge => Refusal.Plain(StatusCodes.Status413PayloadTooLarge, McpErrors.InvalidRequest, $"The body is longer than {limits.MaxRequestBytes} bytes."),
        BodyStatus.TooSlow => Refusal.Plain(StatusCodes.Status408RequestTimeout, McpErrors.InvalidRequest, $"The body did not come within {limits.BodyTimeout.TotalSeconds:0} s."),
        BodyStatus.Broken => Refusal.Plain(StatusCodes.Status400BadRequest, McpErrors.InvalidRequest, "The body broke off."),
        _ when !AcceptRules.SendsJson(exchange.Http.Request) => Refusal.Plain(StatusCodes.Status415UnsupportedMediaType, McpErrors.InvalidRequest, "The header Content-Type is not application/json in UTF-8."),
        _ when !AcceptRules.TakesAnswers(exchange.Http.Request) => Refusal.Plain(StatusCodes.Status406NotAcceptable, McpErrors.InvalidRequest, "The header Accept must list both application/json and text/event-stream."),
        _ => null,
    };

    // Clients choose a version by this list (2026-07-28, Versioning), so it must be the server's and not the gateway's.
    private RawJson? DataOf(Exchange exchange, McpFault fault) => fault.Code == McpErrors.UnsupportedProtocolVersion
        ? versions.Narrow(exchange.ServerName, exchange.Http.Request.Headers[UpstreamHeaders.Protocol].ToString()) ?? fault.Data
        : fault.Data;

    // What no revision knows nobody reads, and so nobody would look through it.
    private static McpFault? ExtensionOf(in McpMessage message) => message.IsExtended
        ? new(StatusCodes.Status400BadRequest, McpErrors.InvalidRequest, $"The message has a member besides {(message.Kind == McpKind.Response ? "\"jsonrpc\", \"id\", \"result\" and \"error\"" : "\"jsonrpc\", \"id\", \"method\" and \"params\"")}. Put what it says into \"_meta\", or leave it out.", message.Id)
        : null;

    private static Refusal? ModernOnly(Exchange exchange) => exchange.Server is { ModernOnly: true }
        ? Refusal.Plain(StatusCodes.Status400BadRequest, McpErrors.UnsupportedProtocolVersion, $"This server is reached with revision {McpRevisions.FirstModern} or later only.")
        : null;

    private static McpRequestHeaders HeadersOf(HttpRequest request)
    {
        string? repeated = null;
        var headers = new McpRequestHeaders(
            Single(request, UpstreamHeaders.Protocol, ref repeated), Single(request, "Mcp-Method", ref repeated), Single(request, "Mcp-Name", ref repeated));
        return headers with { Repeated = repeated };
    }

    private static string? Single(HttpRequest request, string name, ref string? repeated)
    {
        StringValues values = request.Headers[name];
        repeated = values.Count > 1 ? name : repeated;
        return values.Count == 0 ? null : values[0];
    }
}
