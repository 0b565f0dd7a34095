using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace McpLedger.EndToEnd.Tests.Stage;

/// <summary>An OTLP collector as small as it can be: the three gRPC services over plain HTTP/2, and what was exported to them as names.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const int FrameHead = 5;
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <summary>Values of <c>service.name</c>.</summary>
    public ConcurrentBag<string> Services { get; } = [];

    public ConcurrentBag<string> Metrics { get; } = [];

    /// <summary>Spans by name, with their attributes' names.</summary>
    public ConcurrentBag<(string Name, IReadOnlyList<string> Attributes)> Spans { get; } = [];

    public ConcurrentBag<string> Logs { get; } = [];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/opentelemetry.proto.collector.{signal}.v1.{service}/Export", receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http, string signal)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        foreach (var resource in Field(body.ToArray().AsMemory(FrameHead), 1))
        {
            Services.Add(Field(resource, 1).SelectMany(r => Field(r, 1)).Where(a => Text(a, 1) == "service.name").Select(a => Text(Field(a, 2).First(), 1)).Single());
            foreach (var scope in Field(resource, 2))
            {
                Take(signal, scope);
            }
        }

        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(new byte[FrameHead]);
        http.Response.AppendTrailer("grpc-status", "0");
    }

    // Field numbers of opentelemetry-proto 1: what is exported lies in field 2 of a scope's message.
    private void Take(string signal, ReadOnlyMemory<byte> scope)
    {
        foreach (var item in Field(scope, 2))
        {
            switch (signal)
            {
                case "metrics":
                    Metrics.Add(Text(item, 1));
                    break;
                case "trace":
                    Spans.Add((Text(item, 5), [.. Field(item, 9).Select(a => Text(a, 1))]));
                    break;
                default:
                    Logs.Add(Field(item, 5).Select(b => Text(b, 1)).FirstOrDefault() ?? "");
                    break;
            }
        }
    }

    private static string Text(ReadOnlyMemory<byte> message, int number) => Field(message, number).Select(f => Encoding.UTF8.GetString(f.Span)).FirstOrDefault() ?? "";

    /// <summary>The length-delimited fields of that number in a protobuf message.</summary>
    private static List<ReadOnlyMemory<byte>> Field(ReadOnlyMemory<byte> message, int number)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message.Span, ref at);
            switch (tag & 7)
            {
                case 0:
                    Varint(message.Span, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message.Span, ref at);
                    if ((int)(tag >> 3) == number)
                    {
                        found.Add(message.Slice(at, length));
                    }

                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"Wire type {tag & 7} at {at}.");
            }
        }

        return found;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
