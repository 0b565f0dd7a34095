using System.Diagnostics;
using OpenTelemetry;

namespace McpLedger.Host.Running;

/// <summary>Of an address that was called, a span names the host and no more: the path may be a secret (<c>url: https://mcp.example/s/${file:…}/mcp</c>), and the framework hides the query only.</summary>
internal sealed class ClientSpans : BaseProcessor<Activity>
{
    private const string Address = "url.full";

    public override void OnEnd(Activity data)
    {
        if (data.GetTagItem(Address) is string full)
        {
            data.SetTag(Address, Uri.TryCreate(full, UriKind.Absolute, out var uri) ? $"{uri.Scheme}://{uri.Authority}" : null);
        }
    }
}
