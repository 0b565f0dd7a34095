using System.Security.Claims;

namespace McpLedger.Projections.Api;

/// <summary>Looks again at who was let in, where an answer goes on for as long as somebody listens.</summary>
/// <param name="isAdmitted">Whether that one would be let in now.</param>
public sealed class AccessCheck(Func<ClaimsPrincipal, bool> isAdmitted)
{
    internal bool IsAdmitted(ClaimsPrincipal user) => isAdmitted(user);
}
