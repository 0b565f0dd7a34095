using System.Diagnostics.CodeAnalysis;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>A child's pipes as a link: one message a line, both ways.</summary>
/// <param name="child">The child; the link ends it.</param>
/// <param name="released">Called once the child is gone.</param>
/// <param name="limits">Bounds on lines and on waiting.</param>
/// <param name="time">The clock of waiting.</param>
internal sealed class ChildLink(ChildProcess child, Action released, BridgeLimits limits, TimeProvider time) : IMessageLink
{
    private static readonly TimeSpan ExitCodeWait = TimeSpan.FromSeconds(1);
    private readonly LineReader _lines = new(child.Output, limits.MaxMessageBytes);
    [SuppressMessage("Usage", "CA2213", Justification = "Without a wait handle it holds nothing to give back, and a late caller may still come by.")]
    private readonly SemaphoreSlim _sending = new(1);
    private bool _broken;
    private volatile bool _hasEnded;
    private int _released;

    public BridgeFault End { get; private set; } = new(502, "The server's process was ended.");

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, child.Over);
        try
        {
            while (await _lines.ReadAsync(either.Token) is { } line)
            {
                if (!line.Span.IsWhiteSpaceOnly())
                {
                    return line;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The same as the end of the output: the child is gone.
        }

        End = _lines.IsTooLong
            ? new(502, $"The server wrote a line of more than {limits.MaxMessageBytes} bytes. Its process was ended, since where the message stops cannot be known.")
            : await HowItEndedAsync();
        _hasEnded = true;
        return null;
    }

    public async ValueTask<BridgeFault?> SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var line = Line(message.Span);
        if (!await TakeTurnAsync(cancellationToken))
        {
            return new(503, $"The server was sent other messages for {limits.TurnTimeout.TotalSeconds:0.#} s, and this one is not sent. Try again.");
        }

        using var patience = new CancellationTokenSource(limits.SendTimeout, time);
        try
        {
            if (_broken)
            {
                return Unread();
            }

            // A half-written line cannot be taken back, so only our own patience ends a write, and then the child with it.
            await child.Input.WriteAsync(line, patience.Token);
            await child.Input.FlushAsync(patience.Token);
            return null;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            _broken = true;
            child.ForceEnd();
            return Unread();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The reader knows why first: its end is what closes the pipes.
            return _hasEnded ? End : await HowItEndedAsync();
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await child.DisposeAsync();
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            released();
        }
    }

    // A process that reads steadily is not to be ended because many send to it, so a turn's time begins with the turn.
    private async ValueTask<bool> TakeTurnAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(limits.TurnTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _sending.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static byte[] Line(ReadOnlySpan<byte> message)
    {
        var line = new byte[message.Length + 1];
        message.CopyTo(line);

        // Line ends stand only between JSON tokens (inside strings they are escaped), where a space means the same.
        line.AsSpan().Replace((byte)'\n', (byte)' ');
        line.AsSpan().Replace((byte)'\r', (byte)' ');
        line[^1] = (byte)'\n';
        return line;
    }

    private BridgeFault Unread() => new(504, $"The server did not read what it was sent for {limits.SendTimeout.TotalSeconds:0.#} s. Its process was ended.");

    private async ValueTask<BridgeFault> HowItEndedAsync()
    {
        try
        {
            var code = await child.Exited.WaitAsync(ExitCodeWait, time);
            return new(502, $"The server's process ended with exit code {code}. Its stderr is in the log of category {typeof(StdioTelemetry).FullName} at level Trace.");
        }
        catch (TimeoutException)
        {
            return new(502, "The server closed its output. Its process was ended.");
        }
    }
}

file static class Spans
{
    public static bool IsWhiteSpaceOnly(this ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;
}
