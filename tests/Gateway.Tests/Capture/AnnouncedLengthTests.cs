using System.Runtime.InteropServices;
using System.Security.Cryptography;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Capture;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Tests.Capture;

/// <summary>A length is only announced: memory is given for what came.</summary>
public sealed class AnnouncedLengthTests
{
    private const int Announced = 32 * 1024 * 1024;
    private const int Most = (64 * 1024) + 1;

    [Fact]
    public async Task A_body_that_is_announced_and_does_not_come_takes_little_memory()
    {
        var http = new DefaultHttpContext();
        http.Request.ContentLength = Announced;
        http.Request.Body = new MemoryStream("{}"u8.ToArray());

        var body = await BodyReader.ReadAsync(http.Request, Announced, TimeSpan.FromMinutes(1), TimeProvider.System);

        Assert.True(MemoryMarshal.TryGetArray(body.Bytes, out var bytes));
        Assert.True(bytes.Array!.Length <= Most);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(65_536)]
    [InlineData(1_000_000)]
    public async Task What_comes_is_whole_whatever_was_announced(int length)
    {
        var sent = RandomNumberGenerator.GetBytes(length);
        var http = new DefaultHttpContext();
        http.Request.ContentLength = length;
        http.Request.Body = new MemoryStream(sent);

        Assert.Equal(sent, (await BodyReader.ReadAsync(http.Request, Announced, TimeSpan.FromMinutes(1), TimeProvider.System)).Bytes.ToArray());
        Assert.Equal(sent, (await AnswerReader.ReadAsync(new MemoryStream(sent), length, Announced, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None))!.Value.ToArray());
        Assert.Equal(sent, (await AnswerReader.ReadAsync(new MemoryStream(sent), null, length, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None))!.Value.ToArray());
    }

    [Fact]
    public async Task An_answer_that_is_announced_and_does_not_come_takes_little_memory()
    {
        var answer = await AnswerReader.ReadAsync(new MemoryStream("{}"u8.ToArray()), Announced, Announced, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);

        Assert.True(MemoryMarshal.TryGetArray(answer!.Value, out var bytes));
        Assert.True(bytes.Array!.Length <= Most);
    }

    [Fact]
    public async Task Of_a_strangers_long_body_no_more_is_read_than_is_kept_and_it_is_told_that_it_is_one()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { AnonymousOnLoopback = false });

        await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo", "{\"text\":\"" + new string('x', 100_000) + "\"}")), 401);

        Assert.Equal(401, Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync())).Status);
    }
}
