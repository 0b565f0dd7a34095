using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Tests;

/// <summary>What counts as one text.</summary>
public sealed class ClustersTests
{
    private static readonly string[] Words = ["harbour", "copper", "window", "seldom", "yellow", "market", "answer", "gravel", "morning", "letter", "silver", "basket", "quiet", "engine", "ladder", "orchard"];

    [Fact]
    public void Copies_that_begin_otherwise_weigh_one_together_and_other_texts_do_not()
    {
        var page = Prose(1, 400);
        string[] texts = [page, "Fetched on Monday by somebody else, for another reader. " + page, Prose(2, 400), Prose(1, 400) + " The end, with some words of its own.", page[..(page.Length / 2)] + Prose(3, 200)];

        var (ids, count) = Clusters.Of(texts);
        var (beginnings, _) = Clusters.ByBeginning(texts);

        Assert.Equal([0, 0, 1, 0, 0], ids);
        Assert.Equal(2, count);
        Assert.Equal([0, 1, 2, 0, 0], beginnings);
        Assert.Equal([0.25, 0.25, 1, 0.25, 0.25], Clusters.Weights(ids));
    }

    [Fact]
    public void Texts_that_share_half_are_two()
    {
        var (ids, count) = Clusters.Of([Prose(1, 200) + " " + Prose(2, 200), Prose(3, 200) + " " + Prose(2, 200)]);

        Assert.Equal([0, 1], ids);
        Assert.Equal(2, count);
    }

    [Fact]
    public void A_copy_of_a_copy_is_of_the_same_cluster_wherever_it_stands()
    {
        var (first, middle, last) = ("Alpha. " + Prose(1, 300), Prose(1, 300) + " " + Prose(5, 50), "Beta. " + Prose(1, 280) + " " + Prose(5, 60));

        Assert.Equal(Clusters.Of([first, middle, last]).Count, Clusters.Of([last, first, middle]).Count);
        Assert.Equal(1, Clusters.Of([first, last, middle]).Count);
    }

    [Fact]
    public void Many_short_strangers_and_texts_without_words_keep_their_places()
    {
        string[] texts = [.. Enumerable.Range(0, 3_000).Select(i => $"Question {(char)(97 + (i / 400))}{(char)(97 + (i / 20 % 20))}{(char)(97 + (i % 20))}?"), "", "...", ""];
        var (ids, count) = Clusters.Of(texts);

        Assert.Equal(ids[^3], ids[^1]);
        Assert.Equal(3_001, count);
        Assert.Equal(ids, Clusters.Of(texts).Ids);
    }

    private static string Prose(ulong seed, int words)
    {
        var dice = new Dice(seed);
        return string.Join(' ', Enumerable.Range(0, words).Select(_ => dice.Pick(Words)));
    }
}
