using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Upstreams;
using McpLedger.Gateway.Upstreams.Bridging;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Answers;

/// <summary>
/// What the client is given. Nothing is written that its event does not already say (I1); the callers see to that. A batch is answered as one
/// stream, each answer an event, so that messages inside its streams can pass as they come.
/// </summary>
internal sealed class ClientAnswer(HttpContext http, bool isBatch, TimeProvider time)
{
    /// <summary>Longest wait for a client to take one piece of its answer.</summary>
    public static readonly TimeSpan LongestStall = TimeSpan.FromMinutes(1);

    private const int PieceLength = 64 * 1024;
    private const string AuditId = "Audit-Id";
    private const string Json = "application/json";
    private const string PlainText = "text/plain; charset=utf-8";
    private const string Streams = "text/event-stream";
    private static readonly object Stalled = new();
    private bool _isStream;
    private bool _isStalled;
    private string? _session;

    /// <summary>Whether a stream has begun, so that the status is fixed and an error must go into the stream.</summary>
    public bool IsStream => _isStream || isBatch;

    /// <summary>Whether anything was given yet, where it goes into a stream.</summary>
    public bool HasBegun => _isStream;

    private bool IsGone => _isStalled || http.RequestAborted.IsCancellationRequested;

    /// <summary>Whether the client's connection was ended because it read nothing for <see cref="LongestStall"/>.</summary>
    public static bool WasStalled(HttpContext http) => http.Items.ContainsKey(Stalled);

    /// <summary>Says which call this is, so that anybody can find it in the ledger.</summary>
    public void Name(EventId call) => SetHeader(AuditId, call.ToString());

    /// <summary>Gives the client its session id with what the server answered; an error of ours that comes instead opens no session. It is a header: where a stream begins before the result is there, it goes out with that, before its opening is recorded.</summary>
    public void SetSession(string sealedId) => _session = sealedId;

    /// <summary>Sets a header, unless there is nothing to say or it is too late.</summary>
    public void SetHeader(string name, string? value)
    {
        if (!IsStream && value is not null)
        {
            http.Response.Headers[name] = value;
        }
    }

    /// <summary>Gives one JSON-RPC message: as the whole body, or as an event where a stream has begun.</summary>
    public ValueTask JsonAsync(int status, ReadOnlyMemory<byte> message) =>
        IsStream ? MessageEventAsync(message) : BytesAsync(status, Json, message);

    /// <summary>
    /// Gives a server's body that is no JSON-RPC as it is, but for its type: one that a browser would show as a page, or run, must not come from the gateway's own origin, and a stream that nobody read is none.
    /// </summary>
    public ValueTask BodyAsync(int status, string? contentType, ReadOnlyMemory<byte> body)
    {
        SetHeader(HeaderNames.XContentTypeOptions, "nosniff");
        return BytesAsync(status, body.IsEmpty ? null : TypeOf(contentType), body);
    }

    private static string TypeOf(string? contentType) =>
        !MediaTypeHeaderValue.TryParse(contentType, out var type) ? PlainText
        : type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) ? Json
        : PlainText;

    private async ValueTask BytesAsync(int status, string? contentType, ReadOnlyMemory<byte> body)
    {
        if (IsGone)
        {
            return;
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        WriteSession(status);
        if (body.Length > 0)
        {
            await WriteAsync(body);
        }
    }

    /// <summary>Says that a message was taken and has no answer.</summary>
    public void Accept(int status)
    {
        if (!IsStream)
        {
            http.Response.StatusCode = status;
            WriteSession(status);
        }
    }

    /// <summary>Begins a stream, so that the client sees the status and waits.</summary>
    public async ValueTask StartStreamAsync()
    {
        if (BeginStream())
        {
            await FlushAsync();
        }
    }

    /// <summary>Ends the answer, so that the client need not wait for what is still to be done. A batch goes on.</summary>
    public async ValueTask EndAsync()
    {
        if (!isBatch && !IsGone)
        {
            await http.Response.CompleteAsync();
        }
    }

    /// <summary>Gives one event as it is.</summary>
    public ValueTask EventAsync(ReadOnlyMemory<byte> raw)
    {
        BeginStream();
        return IsGone ? default : WriteAsync(raw);
    }

    /// <summary>Gives one message as an event of our own making.</summary>
    /// <param name="message">The message.</param>
    public ValueTask MessageEventAsync(ReadOnlyMemory<byte> message) => EventAsync(SseFrame.Write(message.Span, id: null, type: null, retry: null));

    private void WriteSession(int status)
    {
        if (_session is not null && status is >= 200 and < 300)
        {
            SetHeader(UpstreamHeaders.Session, _session);
        }
    }

    private bool BeginStream()
    {
        if (_isStream)
        {
            return false;
        }

        WriteSession(StatusCodes.Status200OK);
        _isStream = true;
        http.Response.StatusCode = StatusCodes.Status200OK;
        var headers = http.Response.Headers;
        headers.ContentType = Streams;
        headers.CacheControl = "no-cache, no-transform";
        headers["X-Accel-Buffering"] = "no";
        return true;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A client that breaks off while it is written to is no fault of the call; what was recorded stands.")]
    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            // Piece by piece, so that a client that reads slowly is told from one that does not read.
            for (var rest = bytes; !rest.IsEmpty && !IsGone;)
            {
                var piece = rest[..Math.Min(rest.Length, PieceLength)];
                http.Response.BodyWriter.Write(piece.Span);
                await FlushAsync();
                rest = rest[piece.Length..];
            }
        }
        catch (Exception) when (IsGone)
        {
            return;
        }
    }

    private async ValueTask FlushAsync()
    {
        if (IsGone)
        {
            return;
        }

        var flushing = http.Response.BodyWriter.FlushAsync();
        if (flushing.IsCompleted)
        {
            await flushing;
            return;
        }

        try
        {
            await flushing.AsTask().WaitAsync(LongestStall, time);
        }
        catch (TimeoutException)
        {
            // Nobody holds a call, its answer and its upstream for ever by not reading.
            _isStalled = true;
            http.Items[Stalled] = true;
            http.Abort();
        }
    }
}
