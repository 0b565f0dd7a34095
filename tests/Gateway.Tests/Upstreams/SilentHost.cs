using System.Net;
using System.Net.Sockets;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>An address where nobody answers, as behind a firewall that drops: its queue of connections is full, so that the system leaves further ones without an answer.</summary>
internal sealed class SilentHost : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _only = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public SilentHost()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        _only.Connect(_listener.LocalEndPoint!);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/mcp");

    public void Dispose()
    {
        _only.Dispose();
        _listener.Dispose();
    }
}
