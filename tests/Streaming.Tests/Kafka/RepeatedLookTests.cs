using McpLedger.Streaming.Kafka;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Streaming.Tests.Kafka;

public sealed class RepeatedLookTests
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private readonly FakeTimeProvider _time = new();
    private readonly Queue<TaskCompletionSource<bool>> _looks = [];

    [Fact]
    public async Task A_look_that_lasts_is_the_only_one_however_often_it_is_doubted()
    {
        await using var look = new RepeatedLook(Every, LookAsync, _time);
        for (var i = 0; i < 10; i++)
        {
            look.Doubt();
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        var first = Assert.Single(_looks);
        first.SetResult(true);

        // What was doubted meanwhile is looked at once more, and then it is as before.
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, _looks.Count);
        _looks.Last().SetResult(true);
        _time.Advance(Every / 2);
        Assert.Equal(2, _looks.Count);
        _time.Advance(Every / 2);
        Assert.Equal(3, _looks.Count);
    }

    [Fact]
    public async Task A_look_that_has_seen_enough_is_the_last()
    {
        await using var look = new RepeatedLook(Every, LookAsync, _time);
        _time.Advance(Every);
        Assert.Single(_looks).SetResult(false);
        look.Doubt();
        _time.Advance(Every * 2);
        Assert.Single(_looks);
    }

    private Task<bool> LookAsync()
    {
        // Continued where it is ended, so that time stands still meanwhile.
        var look = new TaskCompletionSource<bool>();
        _looks.Enqueue(look);
        return look.Task;
    }
}
