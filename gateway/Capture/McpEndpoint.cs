using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Identity;
using McpLedger.Streaming;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Capture;

/// <summary>The endpoint of every server, <c>/s/{server}/mcp</c>: who may come in, and by which door.</summary>
internal sealed class McpEndpoint(
    GatewayConfigSource source,
    ControlState control,
    PrincipalResolver principals,
    Intake intake,
    PostDoor post,
    StreamDoor streams,
    LedgerCounters counters,
    GatewayTelemetry telemetry,
    TimeProvider time)
{
    private const string Methods = "POST, GET, DELETE";

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The edge of a request: whatever breaks, the client gets an error and never half an answer.")]
    public async Task HandleAsync(HttpContext http)
    {
        counters.CountReceived();
        try
        {
            await AdmitAsync(http);
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested)
        {
            telemetry.ClientGone(e);
        }
        catch (Exception e)
        {
            telemetry.Broken(e);
            await BreakAsync(http);
        }
        finally
        {
            counters.CountHandled();
        }
    }

    private async ValueTask AdmitAsync(HttpContext http)
    {
        var answer = new ClientAnswer(http, isBatch: false, time);
        if (!source.IsPublished || !control.IsCurrent)
        {
            answer.SetHeader(HeaderNames.RetryAfter, "1");
            await answer.JsonAsync(StatusCodes.Status503ServiceUnavailable, McpErrors.Write(null, McpErrors.InternalError, control.Unread is null ? "The gateway is starting. Try again." : "The gateway cannot learn what was revoked. Try again.", null));
            return;
        }

        var gateway = source.Snapshot;
        CrossOrigin.Allow(http, gateway.Hosts);
        var fault = gateway.Hosts.Check(http.Request);

        // Whose page a browser shows is not who sits before it: what it sends is a stranger's, and bounded like that.
        var exchange = new Exchange(http, gateway, (string?)http.GetRouteValue("server") ?? "", fault is null ? principals.Resolve(http, gateway.Config) : null);
        if (fault is not null)
        {
            await intake.RefuseAsync(exchange, null, default, Refusal.Plain(StatusCodes.Status403Forbidden, Refusal.RefusedByPolicy, fault), answer);
            return;
        }

        switch (http.Request.Method)
        {
            case "POST":
                await post.HandleAsync(exchange);
                break;
            case "GET" or "DELETE":
                await streams.HandleAsync(exchange, answer);
                break;
            case "OPTIONS" when CrossOrigin.TryAnswerPreflight(http, gateway.Hosts):
                break;
            default:
                var refusal = Refusal.Plain(StatusCodes.Status405MethodNotAllowed, McpErrors.InvalidRequest, $"The method {http.Request.Method} means nothing here.");
                await intake.RefuseAsync(exchange, null, default, refusal with { Header = (HeaderNames.Allow, Methods) }, answer);
                break;
        }
    }

    private async ValueTask BreakAsync(HttpContext http)
    {
        if (http.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            http.Abort();
            return;
        }

        http.Response.Clear();
        CrossOrigin.Allow(http, source.Snapshot.Hosts);
        await new ClientAnswer(http, isBatch: false, time).JsonAsync(StatusCodes.Status500InternalServerError, McpErrors.Write(null, McpErrors.InternalError, "The gateway failed. Its log says why.", null));
    }
}
