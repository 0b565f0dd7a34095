using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using McpLedger.Benchmarks.Screening;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>
/// The fastest MCP server there can be: finds the id in the body and answers with 1 KiB, as JSON at <c>/json</c>, as one SSE event at <c>/sse</c>, and as another text each time at <c>/texts</c>.
/// Anything faster would measure less of the proxy in front; anything slower would hide it.
/// </summary>
internal static class Upstream
{
    private const int ResultBytes = 1024;
    private const string Before = ""","result":{"resultType":"complete","content":[{"type":"text","text":" """;
    private const string After = "\"}]}}";

    private static readonly byte[] Head = """{"jsonrpc":"2.0","id":"""u8.ToArray();
    private static readonly byte[] Tail = MakeTail();
    private static readonly byte[] EventHead = "event: message\ndata: "u8.ToArray();
    private static readonly byte[] EventEnd = "\n\n"u8.ToArray();

    private static IReadOnlyList<byte[]> _texts = [];
    private static int _told;

    /// <param name="address">Where it listens.</param>
    /// <param name="data">Folder of the sets that <c>/texts</c> answers from; null for none.</param>
    public static async Task<int> ServeAsync(IPAddress address, string? data)
    {
        _texts = data is null ? [] : ResultTexts.Load(data);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenOn(address, 0));
        var app = builder.Build();
        app.Run(AnswerAsync);
        return await app.ServeUntilKilledAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var body = context.Request.BodyReader;
        ReadResult read;
        while (true)
        {
            read = await body.ReadAsync();
            if (read.IsCompleted)
            {
                break;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        var sse = context.Request.Path == "/sse";
        var id = FindId(read.Buffer);
        body.AdvanceTo(read.Buffer.End);
        var tail = context.Request.Path == "/texts" ? TextTail() : Tail;
        context.Response.ContentType = sse ? "text/event-stream" : "application/json";
        if (!sse)
        {
            context.Response.ContentLength = Head.Length + id.Length + tail.Length;
        }

        var writer = context.Response.BodyWriter;
        writer.Write(sse ? EventHead : []);
        writer.Write(Head);
        writer.Write(id);
        writer.Write(tail);
        writer.Write(sse ? EventEnd : []);
        await writer.FlushAsync();
    }

    private static byte[] FindId(in ReadOnlySequence<byte> body)
    {
        var bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        var at = bytes.IndexOf("\"id\":"u8);
        if (at < 0)
        {
            return "null"u8.ToArray();
        }

        var rest = bytes[(at + 5)..];
        return rest[..rest.IndexOfAny((byte)',', (byte)'}')].ToArray();
    }

    // A number that grows makes each a text that nobody saw before.
    private static byte[] TextTail()
    {
        var number = Interlocked.Increment(ref _told);
        return [.. Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Before.Trim()}Answer {number}. ")), .. _texts[number % _texts.Count], .. Encoding.ASCII.GetBytes(After)];
    }

    private static byte[] MakeTail()
    {
        var result = Before.Trim()[",\"result\":".Length..].Length + After.Length - 1;
        return Encoding.ASCII.GetBytes(Before.Trim() + new string('r', ResultBytes - result) + After);
    }
}
