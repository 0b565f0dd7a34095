using System.Diagnostics;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// Tells whoever is sent to which span of ours sent it, and no more. What else is carried along with a span, <c>tracestate</c> and <c>baggage</c>, is text of the client's that nobody recorded.
/// </summary>
internal sealed class SpanPropagator : DistributedContextPropagator
{
    public static SpanPropagator Instance { get; } = new();

    public override IReadOnlyCollection<string> Fields { get; } = [HeaderNames.TraceParent];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } span } && carrier is HttpRequestMessage request)
        {
            // The client's own stands there, and ours has the same trace.
            request.Headers.Remove(HeaderNames.TraceParent);
            request.Headers.TryAddWithoutValidation(HeaderNames.TraceParent, span);
        }
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) => (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
