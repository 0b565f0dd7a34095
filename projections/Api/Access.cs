using Microsoft.AspNetCore.Http;

namespace McpLedger.Projections.Api;

/// <summary>Who asks, and the record of it that comes before the answer. </summary>
internal sealed class Access(AccessRecorder recorder, IHttpContextAccessor context)
{
    public ValueTask<bool> TryRecordAsync(string action, string detail, CancellationToken cancellationToken) =>
        recorder.TryRecordAsync(context.HttpContext?.User.Identity?.Name ?? "unknown", action, detail, cancellationToken);
}
