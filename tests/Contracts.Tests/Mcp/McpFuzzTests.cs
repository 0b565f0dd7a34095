using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tests.Mcp;

/// <summary>Mutated messages of every kind and revision. MCPLEDGER_FUZZ_COUNT sets how many (200,000 by default), MCPLEDGER_FUZZ_SEED which.</summary>
public sealed class McpFuzzTests(ITestOutputHelper output)
{
    private const int DefaultCount = 200_000;

    /// <summary>The other parser throws on bad input, which is slow: of those we call no JSON, every so many are shown to it.</summary>
    private const int SampleEvery = 8;

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(5);
    private static readonly McpLimits Limits = new() { MaxDepth = 32, MaxNodes = 400 };
    private static readonly JsonDocumentOptions Platform = new() { AllowDuplicateProperties = false, MaxDepth = 1000 };
    private static readonly byte[][] Corpus = [.. McpCorpus.Messages.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] Splices = [.. McpCorpus.Splices.Select(Encoding.UTF8.GetBytes)];

    [Fact]
    public void Whatever_is_done_to_a_message_the_reader_answers_and_accepts_only_json()
    {
        var count = Setting("MCPLEDGER_FUZZ_COUNT", DefaultCount);
        var seed = Setting("MCPLEDGER_FUZZ_SEED", 20261124);
        var accepted = 0L;
        var clock = Stopwatch.StartNew();
        var workers = Environment.ProcessorCount;
        Parallel.For(0, workers, worker =>
        {
            var random = new Random(seed + worker);
            for (var i = worker; i < count; i += workers)
            {
                var body = Mutate(random);
                if (Check(body))
                {
                    Interlocked.Increment(ref accepted);
                }
            }
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} inputs, {accepted} accepted, {clock.Elapsed.TotalSeconds:F1} s on {workers} cores, seed {seed}"));
        Assert.InRange(accepted, count / 100, count - 1);
    }

    private static bool Check(byte[] body)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var read = McpReader.Read(body, Limits);
            var batch = McpReader.ReadBatch(body, Limits, 8);
            Assert.Equal(read.IsRead, read.Fault is null);
            Touch(read);
            foreach (var message in batch.Messages)
            {
                Touch(message);
            }

            if (read.IsRead)
            {
                using var accepted = JsonDocument.Parse(body, Platform);
                Agree(read.Message, accepted.RootElement);
            }

            else if (body.Length % SampleEvery == 0 && McpReader.Validate(body, Limits).Kind is JsonFaultKind.Malformed or JsonFaultKind.Trailing)
            {
                Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(body, Platform).Dispose());
            }

            Assert.True(Stopwatch.GetElapsedTime(started) < Hang, "It hung.");
            return read.IsRead;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.GetType().Name} on {Convert.ToBase64String(body)}", e);
        }
    }

    /// <summary>Everything that a message or fault computes only when it is asked.</summary>
    private static void Touch(in McpRead read)
    {
        if (read.Fault is { } fault)
        {
            using var answer = JsonDocument.Parse(fault.ToResponse(), Platform);
            return;
        }

        var message = read.Message;
        McpEraRules.Check(message, new("2026-07-28", message.Method, message.Name), out _, out _);
        _ = (message.ClientName, message.TraceParent, message.ErrorMessage, message.ProgressToken, message.Handles.Count);
    }

    /// <summary>Another parser, reading the same bytes, must find the same message.</summary>
    private static void Agree(in McpMessage message, JsonElement root)
    {
        Assert.Equal(message.Method, Text(root, "method"));
        Assert.Equal(message.Id?.ToString() ?? "", root.TryGetProperty("id", out var id) && id.ValueKind != JsonValueKind.Null ? id.GetRawText() : "");
        if (message.Method is "tools/call" or "prompts/get")
        {
            Assert.Equal(message.Name, Text(root.GetProperty("params"), "name"));
        }

        if (!message.Arguments.IsEmpty)
        {
            Assert.Equal(McpReaderTests.Text(message.Arguments), root.GetProperty("params").GetProperty("arguments").GetRawText());
        }
    }

    private static string? Text(JsonElement value, string name) => value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static byte[] Mutate(Random random)
    {
        var body = Corpus[random.Next(Corpus.Length)].ToList();
        for (var times = random.Next(4); times >= 0; times--)
        {
            var at = random.Next(body.Count + 1);
            switch (random.Next(8))
            {
                case 0 when at < body.Count:
                    body[at] = (byte)random.Next(256);
                    break;
                case 1 when at < body.Count:
                    body.RemoveAt(at);
                    break;
                case 2:
                    body.Insert(at, (byte)"{}[]\",:\\0e-. \t\n"[random.Next(15)]);
                    break;
                case 3:
                    body.InsertRange(at, Splices[random.Next(Splices.Length)]);
                    break;
                case 4:
                    body.RemoveRange(at, random.Next(Math.Min(20, body.Count - at) + 1));
                    break;
                case 5:
                    body.InsertRange(at, body.GetRange(at, random.Next(Math.Min(40, body.Count - at) + 1)));
                    break;
                case 6:
                    Swap(body, random);
                    break;
                case 7 when at < body.Count:
                    body[at] ^= 0x20;
                    break;
                default:
                    break;
            }
        }

        return [.. body];
    }

    /// <summary>Puts another known piece where a quoted one stands, so that the result is often still JSON.</summary>
    private static void Swap(List<byte> body, Random random)
    {
        var start = body.IndexOf((byte)'"', random.Next(body.Count / 2 + 1));
        var end = start < 0 ? -1 : body.IndexOf((byte)'"', start + 1);
        if (end > 0)
        {
            body.RemoveRange(start, end - start + 1);
            body.InsertRange(start, Splices[random.Next(Splices.Length)]);
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
