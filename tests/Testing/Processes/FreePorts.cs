using System.Net;
using System.Net.Sockets;

namespace McpLedger.Testing.Processes;

/// <summary>
/// Ports for servers that are killed and started again: below those that the system gives to outgoing connections. A client that tries again and again while nobody
/// listens may be given the very port it tries to reach; then it is connected to itself, and the server cannot have its port back.
/// </summary>
public static class FreePorts
{
    private const int Lowest = 15_000;
    private const int Highest = 32_000;

    /// <summary>A port that is free.</summary>
    public static int One() => Row(0);

    /// <summary>A port that is free together with those at the given distances from it.</summary>
    public static int Row(params int[] distances)
    {
        while (true)
        {
            var port = Random.Shared.Next(Lowest, Highest - distances.Max());
            if (distances.All(distance => IsFree(port + distance)))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
