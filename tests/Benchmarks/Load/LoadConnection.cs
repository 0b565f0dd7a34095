using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace McpLedger.Benchmarks.Load;

/// <summary>One client: a socket that sends a call, waits for the whole answer, and sends the next.</summary>
internal sealed class LoadConnection(Uri endpoint, CallTemplate template) : IDisposable
{
    private static long _lastId = 1_000_000_000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly AnswerReader _reader = new();
    private readonly byte[] _request = new byte[template.Length];

    public async Task ConnectAsync() => await _socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, endpoint.Port));

    /// <summary>Calls until <paramref name="end"/> (a timestamp) or for <paramref name="calls"/> calls, whichever comes first, and notes every latency.</summary>
    public async Task RunAsync(long end, long calls, Latencies latencies)
    {
        for (var at = Stopwatch.GetTimestamp(); at < end && calls > 0; calls--)
        {
            await CallAsync();
            var now = Stopwatch.GetTimestamp();
            latencies.Add(now - at);
            at = now;
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task CallAsync()
    {
        var id = Interlocked.Increment(ref _lastId);
        template.Write(_request, id);
        await _socket.SendAsync(_request, SocketFlags.None);
        _reader.Reset();
        int count;
        do
        {
            count = await _socket.ReceiveAsync(_reader.Free, SocketFlags.None);
            if (count == 0)
            {
                throw new InvalidOperationException("The connection was closed in the middle of an answer.");
            }
        }
        while (!_reader.Advance(count));

        Check(id);
    }

    private void Check(long id)
    {
        Span<byte> digits = stackalloc byte[CallTemplate.IdDigits];
        id.TryFormat(digits, out _, default, CultureInfo.InvariantCulture);
        if (_reader.Status != 200 || _reader.Body.IndexOf(digits) < 0 || _reader.Body.IndexOf("\"result\""u8) < 0)
        {
            throw new InvalidOperationException($"The answer to {id} is not its result: {System.Text.Encoding.UTF8.GetString(_reader.Answer[..Math.Min(800, _reader.Answer.Length)])}");
        }
    }
}
