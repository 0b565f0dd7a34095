using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using McpLedger.Benchmarks.Load;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>
/// One client: waits for its turn, calls, waits for the whole answer, and calls again; connects anew when a connection breaks. Remembers every call whose result it has
/// received whole.
/// </summary>
internal sealed class SessionClient(Uri endpoint, SessionCall call, CallIds ids, AnswerClock clock, Func<Task> turn)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan BeforeAgain = TimeSpan.FromMilliseconds(50);
    private readonly AnswerReader _reader = new();
    private readonly byte[] _request = new byte[call.Length];

    /// <summary>Calls that were answered with their result.</summary>
    public List<long> Answered { get; } = [];

    /// <summary>Calls that got an error, with their id.</summary>
    public int Refused { get; private set; }

    /// <summary>Calls without an answer: the connection broke, or nothing came.</summary>
    public int Broken { get; private set; }

    /// <summary>Why calls were refused or broken, the last few.</summary>
    public Queue<string> Reasons { get; } = [];

    /// <summary>What somebody was told of a call and should not have been.</summary>
    public List<string> Wrong { get; } = [];

    public Latencies Latencies { get; } = new();

    /// <summary>Calls until it is told to end; a call that has begun is finished.</summary>
    public async Task RunAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested && !ids.AreOver)
        {
            await ConnectedAsync(socket => CallUntilBrokenAsync(socket, ending));
        }
    }

    /// <summary>Makes one call.</summary>
    /// <returns>Its id, or null when it was not answered with its result.</returns>
    public async Task<long?> CallOnceAsync()
    {
        var before = Answered.Count;
        await ConnectedAsync(async socket =>
        {
            if (ids.Next() is { } id && await CallAsync(socket, id))
            {
                Judge(id);
            }
        });
        return Answered.Count > before ? Answered[^1] : null;
    }

    private async Task ConnectedAsync(Func<Socket, Task> use)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, endpoint.Port), CancellationToken.None);
            await use(socket);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or InvalidDataException)
        {
            Broken++;
            Note(e.Message);
            await Task.Delay(BeforeAgain, CancellationToken.None);
        }
    }

    private async Task CallUntilBrokenAsync(Socket socket, CancellationToken ending)
    {
        while (true)
        {
            await turn();
            if (ending.IsCancellationRequested || ids.Next() is not { } id)
            {
                return;
            }

            var began = Stopwatch.GetTimestamp();
            if (!await CallAsync(socket, id))
            {
                Broken++;
                Note("the connection was closed");
                return;
            }

            if (Judge(id))
            {
                Latencies.Add(Stopwatch.GetTimestamp() - began);
            }
        }
    }

    private async Task<bool> CallAsync(Socket socket, long id)
    {
        using var longest = new CancellationTokenSource(LongestWait);
        call.Write(_request, id);
        await socket.SendAsync(_request, SocketFlags.None, longest.Token);
        _reader.Reset();
        int count;
        do
        {
            count = await socket.ReceiveAsync(_reader.Free, SocketFlags.None, longest.Token);
            if (count == 0)
            {
                return false;
            }
        }
        while (!_reader.Advance(count));
        return true;
    }

    private bool Judge(long id)
    {
        Span<byte> digits = stackalloc byte[SessionCall.IdDigits];
        id.TryFormat(digits, out _, default, CultureInfo.InvariantCulture);
        var (hasId, hasResult) = (_reader.Body.IndexOf(digits) >= 0, _reader.Body.IndexOf("\"result\""u8) >= 0);
        if (_reader.Status == 200 && hasId && hasResult)
        {
            clock.Answered();
            Answered.Add(id);
            return true;
        }

        // The balancer's own answers carry no id.
        Refused++;
        var text = System.Text.Encoding.UTF8.GetString(_reader.Body[..Math.Min(300, _reader.Body.Length)]);
        Note($"{_reader.Status} {text}");
        if (hasResult)
        {
            Wrong.Add($"call {id} got somebody else's result: {text}");
        }

        return false;
    }

    private void Note(string reason)
    {
        Reasons.Enqueue(reason);
        while (Reasons.Count > 3)
        {
            Reasons.Dequeue();
        }
    }
}

/// <summary>Gives out the ids of calls, up to a number of them.</summary>
internal sealed class CallIds(long most)
{
    public const long First = 1_000_000_001;
    private long _last = First - 1;

    /// <summary>The last id that was given out.</summary>
    public long Last => Math.Min(Volatile.Read(ref _last), First - 1 + most);

    public bool AreOver => Volatile.Read(ref _last) >= First - 1 + most;

    public long? Next() => Interlocked.Increment(ref _last) is var id && id < First + most ? id : null;
}
