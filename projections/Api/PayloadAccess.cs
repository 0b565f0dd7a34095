using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace McpLedger.Projections.Api;

/// <summary>Whether who asks may ask for words and digests of payloads: who finds out one by one which are there has read them.</summary>
internal sealed class PayloadAccess(LedgerQueries queries, IAuthorizationService roles, IHttpContextAccessor context)
{
    /// <returns>Why the query is not answered; null when it may be.</returns>
    public async ValueTask<ProblemHttpResult?> RefusalOfAsync(string query) => queries.AsksForPayloads(query) && !await IsGrantedAsync() ? Problems.OfPayloads() : null;

    /// <summary>Whether who asks may see payloads.</summary>
    public async ValueTask<bool> IsGrantedAsync() => context.HttpContext is { } http && (await roles.AuthorizeAsync(http.User, LedgerApi.Auditor)).Succeeded;
}
