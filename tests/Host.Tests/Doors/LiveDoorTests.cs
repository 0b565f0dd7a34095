using System.Net;
using McpLedger.Host.Commands;
using McpLedger.Host.Doors;

namespace McpLedger.Host.Tests.Doors;

public sealed class LiveDoorTests
{
    [Fact]
    public async Task An_answer_that_does_not_come_in_time_is_said_and_a_long_verb_waits_for_its_own()
    {
        var answers = new TaskCompletionSource<HttpResponseMessage>();
        using var door = new LiveDoor(new HttpClient(new Silent(answers.Task)) { BaseAddress = new("http://127.0.0.1:1") }, TimeSpan.FromMilliseconds(1));
        var rebuild = door.SendLongAsync<Answer>(HttpMethod.Post, "api/v1/projections/rebuild", null, CancellationToken.None);

        var (value, fault, exitCode) = await door.SendAsync<Answer>(HttpMethod.Get, "api/v1/calls", null, CancellationToken.None);

        Assert.Equal((null, ExitCode.Unavailable), (value, exitCode));
        Assert.Contains("did not answer within", fault, StringComparison.Ordinal);
        answers.SetResult(new(HttpStatusCode.OK) { Content = new StringContent("""{ "identical": true }""") });
        Assert.True((await rebuild).Value!.Identical);
    }

    [Fact]
    public async Task Who_gives_up_is_not_told_that_time_ran_out()
    {
        using var door = new LiveDoor(new HttpClient(new Silent(new TaskCompletionSource<HttpResponseMessage>().Task)) { BaseAddress = new("http://127.0.0.1:1") }, TimeSpan.FromHours(1));
        using var gone = new CancellationTokenSource();
        var asked = door.SendLongAsync<Answer>(HttpMethod.Get, "api/v1/damage", null, gone.Token);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    private sealed record Answer(bool Identical);

    private sealed class Silent(Task<HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer.WaitAsync(cancellationToken);
    }
}
