using System.Buffers;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Answers;

/// <summary>The events of an upstream's stream, one at a time, each as soon as it is whole.</summary>
internal sealed class EventSource(Stream upstream, int maxEventBytes, TimeSpan idle, TimeProvider time) : IDisposable
{
    private const int ChunkSize = 16 * 1024;
    private readonly SseReader _reader = new(maxEventBytes);
    private readonly byte[] _chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
    private CancellationTokenSource? _silence;
    private CancellationToken _linked;
    private CancellationTokenSource? _patience;
    private ValueTask<int>? _pending;

    /// <summary>Why the stream ended; null while it goes on.</summary>
    public StreamEnd? End { get; private set; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Fault { get; private set; }

    /// <summary>Waits until there are bytes or the stream has ended, for at most <paramref name="longest"/>.</summary>
    /// <returns>False when the time was up first.</returns>
    public async ValueTask<bool> WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        var reading = ReadAsync(cancellationToken);
        if (reading.IsCompleted)
        {
            _pending = reading;
            return true;
        }

        var task = reading.AsTask();
        _pending = new(task);
        return await Task.WhenAny(task, Task.Delay(longest, time, cancellationToken)) == task;
    }

    /// <summary>The next event; its memory is valid until the next call.</summary>
    /// <returns>Null when the stream has ended.</returns>
    public async ValueTask<SseEvent?> NextAsync(CancellationToken cancellationToken)
    {
        while (End is null)
        {
            switch (_reader.TryRead(out var read))
            {
                case SseStep.Event:
                    return read;
                case SseStep.TooLong:
                    (End, Fault) = (StreamEnd.Broken, $"An event of its stream is longer than {maxEventBytes} bytes.");
                    break;
                default:
                    await FillAsync(cancellationToken);
                    break;
            }
        }

        return null;
    }

    public void Dispose()
    {
        _silence?.Dispose();
        _patience?.Dispose();
        _reader.Dispose();
        if (End is StreamEnd.Closed)
        {
            // Only then is no read in flight that could still write into it.
            ArrayPool<byte>.Shared.Return(_chunk);
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            var read = await (_pending ?? ReadAsync(cancellationToken));
            _pending = null;

            // Silence is the upstream's: how long our client takes over what came is not counted.
            _patience?.CancelAfter(Timeout.InfiniteTimeSpan);
            if (read == 0)
            {
                End = StreamEnd.Closed;
            }
            else
            {
                _reader.Append(_chunk.AsSpan(0, read));
            }
        }
        catch (OperationCanceledException)
        {
            (End, Fault) = cancellationToken.IsCancellationRequested
                ? (StreamEnd.GivenUp, "The stream was given up.")
                : (StreamEnd.Silent, $"Its stream was silent for {idle.TotalSeconds:0} s.");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            (End, Fault) = (StreamEnd.Broken, "It broke off in the middle of its stream.");
        }
    }

    private ValueTask<int> ReadAsync(CancellationToken cancellationToken)
    {
        if (idle == TimeSpan.Zero)
        {
            return upstream.ReadAsync(_chunk, cancellationToken);
        }

        if (_silence is null || _silence.IsCancellationRequested || _linked != cancellationToken)
        {
            _silence?.Dispose();
            _patience?.Dispose();
            _linked = cancellationToken;
            _patience = new(idle, time);
            _silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _patience.Token);
        }
        else
        {
            _patience!.CancelAfter(idle);
        }

        return upstream.ReadAsync(_chunk, _silence.Token);
    }
}

/// <summary>Why a stream ended.</summary>
internal enum StreamEnd
{
    /// <summary>The connection broke, or what came was no stream.</summary>
    Broken = 0,

    /// <summary>The upstream ended it.</summary>
    Closed = 1,

    /// <summary>Nothing came for too long.</summary>
    Silent = 2,

    /// <summary>We stopped reading.</summary>
    GivenUp = 3,
}
