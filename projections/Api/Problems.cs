using McpLedger.Projections.Search;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace McpLedger.Projections.Api;

/// <summary>Refusals as problem details (RFC 9457), with the parameter and what to write instead.</summary>
internal static class Problems
{
    private const string Kinds = "urn:mcpledger:problem:";

    public static ProblemHttpResult Of(RequestFault fault)
    {
        var more = new Dictionary<string, object?>(StringComparer.Ordinal) { ["field"] = fault.Field, ["fix"] = fault.Fix };
        if (fault.Position is { } position)
        {
            more["position"] = position;
        }

        return TypedResults.Problem(fault.Detail, statusCode: StatusCodes.Status400BadRequest, title: $"The parameter '{fault.Field}' cannot be used.", type: Kinds + "parameter", extensions: more);
    }

    public static ProblemHttpResult NotFound(string what, string fix) => TypedResults.Problem(
        $"There is no {what}.",
        statusCode: StatusCodes.Status404NotFound,
        title: "Not found.",
        type: Kinds + "not-found",
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["fix"] = fix });

    public static ProblemHttpResult OfPayloads() => TypedResults.Problem(
        "Words and phrases are searched in payloads, and 'hash' is the digest of one; the role 'auditor' may see payloads and yours may not.",
        statusCode: StatusCodes.Status403Forbidden,
        title: "The query asks for payloads.",
        type: Kinds + "payloads",
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["field"] = "q", ["fix"] = "Ask by fields (/api/v1/fields), such as tool:echo and not outcome:ok, or with a key of the role 'auditor'." });

    public static ProblemHttpResult Unrecorded() => TypedResults.Problem(
        "The ledger cannot record that you asked, so it does not answer.",
        statusCode: StatusCodes.Status503ServiceUnavailable,
        title: "The ledger cannot be written.",
        type: Kinds + "unrecorded",
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["fix"] = "The log of the process says what keeps the ledger from writing; try again." });

    public static ProblemHttpResult TooLong() => TypedResults.Problem(
        "Answering took longer than 20 seconds.",
        statusCode: StatusCodes.Status504GatewayTimeout,
        title: "Too much was asked at once.",
        type: Kinds + "too-long",
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["fix"] = "Narrow the range of time, or name a field." });

    public static ProblemHttpResult Damaged(string what) => TypedResults.Problem(
        what,
        statusCode: StatusCodes.Status503ServiceUnavailable,
        title: "The read models are damaged.",
        type: Kinds + "damaged",
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["fix"] = "'mcpledger rebuild' folds the log anew and puts them right." });

    public static ProblemHttpResult Busy(string what) => TypedResults.Problem(
        what,
        statusCode: StatusCodes.Status503ServiceUnavailable,
        title: "Busy.",
        type: Kinds + "busy",
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["fix"] = "Try again later." });
}
