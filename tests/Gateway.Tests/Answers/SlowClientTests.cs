using System.IO.Pipelines;
using McpLedger.Gateway.Answers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Gateway.Tests.Answers;

public sealed class SlowClientTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _wire = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
    private readonly Connection _connection = new();
    private readonly DefaultHttpContext _http = new();

    public SlowClientTests()
    {
        _http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_wire.Writer.AsStream()));
        _http.Features.Set<IHttpRequestLifetimeFeature>(_connection);
    }

    [Fact]
    public async Task A_client_that_reads_nothing_is_hung_up_on_and_holds_nothing()
    {
        var answer = new ClientAnswer(_http, isBatch: false, _time);
        var writing = answer.EventAsync(new byte[1_000_000]).AsTask();
        Assert.False(writing.IsCompleted);

        _time.Advance(ClientAnswer.LongestStall);
        await writing;

        Assert.True(_connection.IsAborted);
        Assert.True(ClientAnswer.WasStalled(_http));
        await answer.EventAsync(new byte[1_000_000]);
    }

    [Fact]
    public async Task A_client_that_reads_slowly_is_waited_for()
    {
        const int Length = 3_000_000;
        var writing = new ClientAnswer(_http, isBatch: false, _time).EventAsync(new byte[Length]).AsTask();
        var taken = 0L;
        while (taken < Length)
        {
            _time.Advance(ClientAnswer.LongestStall / 100);
            var read = await _wire.Reader.ReadAsync();
            taken += read.Buffer.Length;
            _wire.Reader.AdvanceTo(read.Buffer.End);
        }

        await writing;
        Assert.False(_connection.IsAborted);
    }

    private sealed class Connection : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
