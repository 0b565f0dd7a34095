using System.Diagnostics;

namespace McpLedger.Gateway.Tests;

/// <summary>Waits for what another thread is about to do; the bound is for a broken build, not for timing.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    public static Task TrueAsync(Func<bool> isTrue) => TrueAsync(() => Task.FromResult(isTrue()));

    public static async Task TrueAsync(Func<Task<bool>> isTrue)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await isTrue())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Longest, "It never came true.");
            await Task.Delay(5);
        }
    }
}
