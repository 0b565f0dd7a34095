using System.Diagnostics;

namespace McpLedger.Detectors.Tests;

/// <summary>What every detector owes: the same answer for the same bytes, an answer for any bytes, and one that does not take for ever.</summary>
public abstract class DetectorCompliance
{
    private const int Inputs = 10_000;
    private const int Seed = 20261126;

    // A bound against hanging, not a figure: the slowest input takes milliseconds.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(20);

    /// <summary>Everything that the detector says about the input, in words that are equal only when the answers are.</summary>
    protected abstract string Answer(ReadOnlySpan<byte> input);

    [Fact]
    public void It_answers_any_bytes_and_twice_the_same()
    {
        for (var i = 0; i < Inputs; i++)
        {
            var input = Garbage.Make(Seed + i);
            try
            {
                var started = Stopwatch.GetTimestamp();
                var answer = Answer(input);
                Assert.True(Stopwatch.GetElapsedTime(started) < Hang, "It hung.");
                if (i % 10 == 0)
                {
                    Assert.Equal(answer, Answer(input));
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{e.GetType().Name} on seed {Seed + i}: {Convert.ToBase64String(input)}", e);
            }
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("{\"")]
    [InlineData("[")]
    [InlineData("<div hidden>")]
    [InlineData("<!--")]
    [InlineData("](")]
    [InlineData("\n[")]
    [InlineData("QUFB")]
    [InlineData("a b ")]
    [InlineData("1 ")]
    [InlineData("$(")]
    [InlineData("-----BEGIN ")]
    [InlineData("а")]
    [InlineData("\u200b")]
    [InlineData("@a.")]
    [InlineData("password=")]
    [InlineData("eyJ.")]
    [InlineData("gvgvgvgvgvgvacac")]
    public void A_megabyte_of_one_thing_takes_no_more_than_its_size(string piece)
    {
        var unit = System.Text.Encoding.UTF8.GetBytes(piece);
        var input = new byte[1024 * 1024 / unit.Length * unit.Length];
        for (var i = 0; i < input.Length; i++)
        {
            input[i] = unit[i % unit.Length];
        }

        var started = Stopwatch.GetTimestamp();
        Answer(input);
        Assert.True(Stopwatch.GetElapsedTime(started) < Hang, "It hung.");
    }

    [Theory]
    [InlineData("a", "\u00ad")]
    [InlineData("a", "\u200b")]
    [InlineData("ä", "\u2066")]
    [InlineData("\"", "\\")]
    [InlineData("<", "\u0301")]
    public void Something_and_then_half_a_megabyte_of_another_takes_no_more_than_its_size(string first, string piece)
    {
        var input = System.Text.Encoding.UTF8.GetBytes(first + string.Concat(Enumerable.Repeat(piece, 512 * 1024 / System.Text.Encoding.UTF8.GetByteCount(piece))) + "b");
        var started = Stopwatch.GetTimestamp();
        Answer(input);
        Assert.True(Stopwatch.GetElapsedTime(started) < Hang, "It hung.");
    }
}
