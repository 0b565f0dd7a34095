using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Tools;
using McpLedger.Host.Access;
using McpLedger.Projections;
using McpLedger.Projections.Api;

namespace McpLedger.Host.Running;

/// <summary>The definition that somebody read and approves, so that one that changed since is not approved unread.</summary>
/// <param name="Definition">Its digest, 64 hex digits.</param>
internal sealed record ApprovalRequest(string Definition);

/// <summary>A tool that may be listed and called again, or instructions that reach clients again.</summary>
internal sealed record ToolApproved(string Server, string Tool, string Definition);

/// <summary><c>POST /api/v1/tools/{server}/{tool}/approve</c>: a held or changed definition becomes the pinned one.</summary>
internal static class ToolEndpoints
{
    public static void MapTools(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/api/v1/tools/{server}/{tool}/approve", ApproveAsync).WithTags("tools").WithName("approve-tool")
            .WithSummary("Pins the definition that a server lists now, so that the gateway lists and passes the tool")
            .WithDescription($"The server's instructions are the tool {ServerInstructions.Name}. 409 when there is nothing to approve, or when the definition is another by now than the one that was read.")
            .Produces<ToolApproved>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).RequireAuthorization(Roles.Admin);

    private static async Task<IResult> ApproveAsync(string server, string tool, ApprovalRequest request, HttpContext context, LedgerQueries queries, ControlLog control)
    {
        tool = RouteText.Of(context, tool);
        if (await queries.ToolAsync(server, tool, context.RequestAborted) is not { Content: { } content, Definition: { } definition } view || !Digest.TryParse(definition, out var digest))
        {
            return Refusals.Answer(StatusCodes.Status404NotFound, tool == ServerInstructions.Name ? $"The server {server} never gave instructions." : $"The server {server} never listed a tool {tool}.");
        }

        if (view is { Changed: false, Held: false })
        {
            return Refusals.Answer(StatusCodes.Status409Conflict, "Its definition is the pinned one: there is nothing to approve.");
        }

        if (!string.Equals(definition, request.Definition, StringComparison.OrdinalIgnoreCase))
        {
            return Refusals.Answer(StatusCodes.Status409Conflict, $"The definition is {definition} by now. Read it again ('mcpledger tools diff {server} {tool}') before you approve it.");
        }

        var actor = KeyEndpoints.Actor(context);
        var pinned = new ToolPinned { Server = server, Tool = tool, Definition = digest, Content = RawJson.FromTrusted(Encoding.UTF8.GetBytes(content)), ApprovedBy = actor };
        return await control.TryAppendAsync(null, new AccessGranted(actor, "approve", $"tool {server}/{tool} {definition}"), CancellationToken.None)
            && await control.TryAppendAsync($"{server}/{tool}", pinned, CancellationToken.None)
                ? Results.Json(new ToolApproved(server, tool, definition))
                : KeyEndpoints.Unavailable;
    }
}
