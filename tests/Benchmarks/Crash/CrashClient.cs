using System.Globalization;
using System.Net;
using System.Net.Sockets;
using McpLedger.Benchmarks.Load;

namespace McpLedger.Benchmarks.Crash;

/// <summary>One client that calls until its gateway dies, and remembers every id whose whole answer it has seen.</summary>
internal sealed class CrashClient(Uri endpoint)
{
    /// <summary>A tool that the rules block: its calls are refused, and that has to be on record as well.</summary>
    public const string BlockedTool = "forbidden";

    private const int BlockedEvery = 8;

    private static long _lastId = 1_000_000_000;

    private readonly CallTemplate _allowed = new(endpoint, "bench", differs: false);
    private readonly CallTemplate _blocked = new(endpoint, BlockedTool, differs: false);
    private readonly AnswerReader _reader = new();

    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the first answer.</summary>
    public Task Began => _began.Task;

    public List<long> Answered { get; } = [];

    public List<long> Refused { get; } = [];

    /// <summary>Calls until the connection breaks.</summary>
    public async Task RunAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, endpoint.Port));
            while (true)
            {
                var id = Interlocked.Increment(ref _lastId);
                var blocked = id % BlockedEvery == 0;
                if (!await TryCallAsync(socket, blocked ? _blocked : _allowed, id))
                {
                    return;
                }

                (blocked ? Refused : Answered).Add(id);
                _began.TrySetResult();
            }
        }
        catch (SocketException)
        {
            // The gateway is gone: what was in flight was never answered.
        }
    }

    private async Task<bool> TryCallAsync(Socket socket, CallTemplate template, long id)
    {
        var request = new byte[template.Length];
        template.Write(request, id);
        await socket.SendAsync(request, SocketFlags.None);
        _reader.Reset();
        int count;
        do
        {
            count = await socket.ReceiveAsync(_reader.Free, SocketFlags.None);
            if (count == 0)
            {
                return false;
            }
        }
        while (!_reader.Advance(count));

        Span<byte> digits = stackalloc byte[CallTemplate.IdDigits];
        id.TryFormat(digits, out _, default, CultureInfo.InvariantCulture);
        return _reader.Body.IndexOf(digits) >= 0
            ? true
            : throw new InvalidOperationException($"The answer to {id} does not carry its id: {System.Text.Encoding.UTF8.GetString(_reader.Answer)}");
    }
}
