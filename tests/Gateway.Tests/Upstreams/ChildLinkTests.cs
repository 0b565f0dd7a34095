using System.Collections.Immutable;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>Many who send to one process that reads no faster than it can.</summary>
public sealed class ChildLinkTests : IAsyncDisposable
{
    // Longer than a pipe holds, so that each is sent when it is read and not before.
    private static readonly byte[] Message = [.. Enumerable.Repeat((byte)'x', 150_000)];
    private static readonly BridgeLimits Limits = new() { SendTimeout = TimeSpan.FromMilliseconds(300), TurnTimeout = TimeSpan.FromSeconds(30) };
    private readonly string _folder = Directory.CreateTempSubdirectory("mcpledger-reads-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly BridgeHarness _gateway;
    private readonly ChildProcess _child;

    public ChildLinkTests()
    {
        // Reads one message for each file that a test makes.
        const string script = "n=0; while :; do n=$((n+1)); while [ ! -e \"$READS/$n\" ]; do sleep 0.02; done; dd bs=150001 count=1 iflag=fullblock of=/dev/null 2>/dev/null; done";
        var stdio = new StdioConfig { Command = "sh", Arguments = ["-c", script], Environment = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("READS", _folder) };
        _gateway = new(new() { Name = "slow", Transport = UpstreamTransport.Stdio, Stdio = stdio });
        _child = ChildProcess.Start("slow", stdio, _gateway.Supervision, out _)!;
    }

    public async ValueTask DisposeAsync()
    {
        _child.ForceEnd();
        await _child.DisposeAsync();
        await _gateway.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_process_that_reads_steadily_lives_however_long_others_wait_for_their_turn()
    {
        var link = new ChildLink(_child, () => { }, Limits, _time);
        var sends = Enumerable.Range(0, 5).Select(_ => link.SendAsync(Message, CancellationToken.None).AsTask()).ToList();
        for (var read = 1; sends.Count > 0; read++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            await File.WriteAllTextAsync(Path.Combine(_folder, $"{read}"), "");
            var sent = await Task.WhenAny(sends).WaitAsync(BridgeHarness.Patience);
            Assert.Null((await sent)?.Reason);
            sends.Remove(sent);
        }

        Assert.False(_child.Exited.IsCompleted);
    }

    [Fact]
    public async Task A_message_whose_turn_does_not_come_is_not_sent_and_ends_no_process()
    {
        var link = new ChildLink(_child, () => { }, Limits with { SendTimeout = TimeSpan.FromMinutes(1) }, _time);
        var first = link.SendAsync(Message, CancellationToken.None).AsTask();
        var second = link.SendAsync(Message, CancellationToken.None).AsTask();

        _time.Advance(Limits.TurnTimeout);

        var fault = await second.WaitAsync(BridgeHarness.Patience);
        Assert.Equal(503, fault!.Status);
        Assert.Contains("not sent", fault.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("ended", fault.Reason, StringComparison.Ordinal);
        Assert.False(_child.Exited.IsCompleted);
        await File.WriteAllTextAsync(Path.Combine(_folder, "1"), "");
        Assert.Null(await first.WaitAsync(BridgeHarness.Patience));
    }

    [Fact]
    public async Task A_process_that_does_not_read_is_still_ended_in_its_own_time()
    {
        var link = new ChildLink(_child, () => { }, Limits, _time);
        var sent = link.SendAsync(Message, CancellationToken.None).AsTask();

        _time.Advance(Limits.SendTimeout);

        Assert.Equal(504, (await sent.WaitAsync(BridgeHarness.Patience))!.Status);
        await _child.Exited.WaitAsync(BridgeHarness.Patience);
    }
}
