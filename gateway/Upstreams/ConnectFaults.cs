namespace McpLedger.Gateway.Upstreams;

/// <summary>What says of a failed request that no connection came about, so that nothing of it was sent.</summary>
internal static class ConnectFaults
{
    public static bool IsNothingSent(HttpRequestError error) =>
        error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;

    /// <summary>Whether it is the client's own bound on connecting, which comes as a cancellation that nobody asked for.</summary>
    public static bool IsTimeout(Exception error) => error is OperationCanceledException { InnerException: TimeoutException };
}
