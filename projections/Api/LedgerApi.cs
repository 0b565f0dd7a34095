using System.Data.Common;
using McpLedger.Projections.Homes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace McpLedger.Projections.Api;

/// <summary>The HTTP API of the read models. The host defines the policies that the names below stand for, and says who is who.</summary>
public static class LedgerApi
{
    /// <summary>Policy of those who see lists and what events are about, and search by that, without payloads and their words.</summary>
    public const string Viewer = "viewer";

    /// <summary>Policy of those who see payloads.</summary>
    public const string Auditor = "auditor";

    /// <summary>Policy of those who change how the ledger is kept.</summary>
    public const string Admin = "admin";

    /// <summary>Maps everything under <c>/api/v1</c>.</summary>
    public static IEndpointRouteBuilder MapLedgerApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api/v1").AddEndpointFilter(AnswerInTimeAsync).ProducesProblem(StatusCodes.Status504GatewayTimeout);
        api.MapSearch();
        api.MapViews();
        api.MapEvents();
        return endpoints;
    }

    private static async ValueTask<object?> AnswerInTimeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (OperationCanceledException) when (!context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Problems.TooLong();
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB)
        {
            return Problems.Damaged(e.Message);
        }
        catch (DamagedViewsException e)
        {
            return Problems.Damaged(e.Message);
        }
        catch (Exception e) when (e is IOException or DbException)
        {
            // The ledger's disk, the file of the read models, or a database or search engine on another machine.
            return Problems.Busy(e.Message);
        }
    }
}
