using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace McpLedger.Gateway.Capture;

/// <summary>What came of reading a body.</summary>
internal enum BodyStatus
{
    /// <summary>The client broke off or sent what is no HTTP body.</summary>
    Broken = 0,

    /// <summary>All of it is there.</summary>
    Whole = 1,

    /// <summary>It is longer than allowed; the rest was not read.</summary>
    TooLarge = 2,

    /// <summary>It did not come in time.</summary>
    TooSlow = 3,
}

/// <summary>A body as far as it was read.</summary>
internal readonly record struct Body(BodyStatus Status, ReadOnlyMemory<byte> Bytes);

/// <summary>Reads a request body into memory, bounded in bytes and in time (slow-loris).</summary>
internal static class BodyReader
{
    private const int FirstGuess = 4096;
    private const int MostOnItsWord = 64 * 1024;

    public static async ValueTask<Body> ReadAsync(HttpRequest request, int maxBytes, TimeSpan longest, TimeProvider time)
    {
        // Ours is the bound that holds; Kestrel's would end the connection before there is an answer.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = null;
        }

        if (request.ContentLength > maxBytes)
        {
            return new(BodyStatus.TooLarge, default);
        }

        var reader = request.BodyReader;

        // Not pooled: what is still being sent upstream when a call is given up must never become another caller's buffer.
        // And no longer than what came by more than this: a length is only announced.
        var most = (int)(request.ContentLength ?? maxBytes);
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(request.ContentLength ?? FirstGuess, MostOnItsWord));
        var length = 0;
        CancellationTokenSource? deadline = null;
        try
        {
            while (true)
            {
                // Bodies are usually there already; only one that is not costs a timer.
                if (!reader.TryRead(out var read))
                {
                    deadline ??= new(longest, time);
                    read = await reader.ReadAsync(deadline.Token);
                }

                var isWithin = Take(read.Buffer, ref bytes, ref length, most);
                reader.AdvanceTo(read.Buffer.End);
                if (!isWithin || read.IsCompleted)
                {
                    return new(isWithin ? BodyStatus.Whole : BodyStatus.TooLarge, bytes.AsMemory(0, length));
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            var isLate = e switch
            {
                BadHttpRequestException bad => bad.StatusCode == StatusCodes.Status408RequestTimeout,
                OperationCanceledException => deadline?.IsCancellationRequested == true,
                _ => false,
            };
            return new(isLate ? BodyStatus.TooSlow : BodyStatus.Broken, bytes.AsMemory(0, length));
        }
        finally
        {
            deadline?.Dispose();
        }
    }

    private static bool Take(in ReadOnlySequence<byte> arrived, ref byte[] bytes, ref int length, int maxBytes)
    {
        var isWithin = length + arrived.Length <= maxBytes;
        var taken = isWithin ? arrived : arrived.Slice(0, maxBytes - length);
        if (length + taken.Length > bytes.Length)
        {
            Array.Resize(ref bytes, (int)Math.Min(maxBytes, Math.Max(bytes.Length * 2L, length + taken.Length)));
        }

        taken.CopyTo(bytes.AsSpan(length));
        length += (int)taken.Length;
        return isWithin;
    }
}
