using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>
/// The fastest MCP server there can be: finds the id in the body and answers with 1 KiB, as JSON at <c>/json</c> and as one SSE event at <c>/sse</c>.
/// Anything faster would measure less of the proxy in front; anything slower would hide it.
/// </summary>
internal static class Upstream
{
    private const int ResultBytes = 1024;

    private static readonly byte[] Head = """{"jsonrpc":"2.0","id":"""u8.ToArray();
    private static readonly byte[] Tail = MakeTail();
    private static readonly byte[] EventHead = "event: message\ndata: "u8.ToArray();
    private static readonly byte[] EventEnd = "\n\n"u8.ToArray();

    public static async Task<int> ServeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenLocalhostOn(0));
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
        context.Response.ContentType = sse ? "text/event-stream" : "application/json";
        if (!sse)
        {
            context.Response.ContentLength = Head.Length + id.Length + Tail.Length;
        }

        var writer = context.Response.BodyWriter;
        writer.Write(sse ? EventHead : []);
        writer.Write(Head);
        writer.Write(id);
        writer.Write(Tail);
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

    private static byte[] MakeTail()
    {
        const string Before = ""","result":{"resultType":"complete","content":[{"type":"text","text":" """;
        const string After = "\"}]}}";
        var result = Before.Trim()[",\"result\":".Length..].Length + After.Length - 1;
        return Encoding.ASCII.GetBytes(Before.Trim() + new string('r', ResultBytes - result) + After);
    }
}
