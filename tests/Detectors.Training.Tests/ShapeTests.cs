using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Tests;

/// <summary>A shape is the marks of a text and where its words stand, and nothing of what they say.</summary>
public sealed class ShapeTests
{
    [Fact]
    public void The_same_sentence_has_the_same_shape_in_every_script()
    {
        var english = Shape("good morning, friends! how are you (all) today?");

        Assert.Equal(english, Shape("guten morgen, freunde! wie geht es (euch) heute?"));
        Assert.Equal(english, Shape("доброе утро, друзья! как вы (все) сегодня?"));
        Assert.Equal(english, Shape("좋은 아침, 친구들! 다들 잘 (모두) 지내?"));
    }

    [Theory]
    [InlineData("see https://example.com/a/b?c=d&e=f#g there", "see https://other.example there")]
    [InlineData("key 4f1c9a0b77e14f1c9a0b77e14f1c9a0b77e14f1c9a0b", "key ftp://host/file")]
    [InlineData("one\n-----------------\ntwo", "one\n---\ntwo")]
    [InlineData("a | b\n|---|:---:|\n", "a | b\n====\n")]
    [InlineData("many many words in a long row without marks.", "two words.")]
    [InlineData("what????????", "what???")]
    [InlineData("don't", "word")]
    public void What_says_no_more_about_a_shape_is_one_symbol(string longer, string shorter) => Assert.Equal(Shape(shorter), Shape(longer));

    [Theory]
    [InlineData("a b", "a, b")]
    [InlineData("a(b)", "a (b)")]
    [InlineData("a\nb", "a b")]
    [InlineData("17", "seventeen")]
    [InlineData("v17", "17")]
    [InlineData("]( {", "{ ](")]
    public void What_makes_another_shape_is_told_apart(string one, string other) => Assert.NotEqual(Shape(one), Shape(other));

    [Fact]
    public void Any_characters_are_read_to_their_end_and_each_symbol_stops_after_the_one_before()
    {
        var dice = new Dice(3);
        for (var round = 0; round < 2000; round++)
        {
            var text = new string([.. Enumerable.Range(0, dice.Below(60)).Select(_ => dice.Chance(0.5) ? (char)dice.Below(0x80) : (char)dice.Below(0x10000))]);
            var reader = new ShapeReader(text, 0, text.Length);
            var (stop, symbols) = (0, 0);
            while (reader.Next())
            {
                Assert.InRange(reader.Stop, stop, text.Length);
                (stop, symbols) = (reader.Stop, symbols + 1);
            }

            Assert.True(symbols <= 2 * text.Length);
            Assert.True(symbols > 0 || text.All(char.IsWhiteSpace));
        }
    }

    [Fact]
    public void What_two_texts_have_is_expected_and_what_one_has_is_its_own()
    {
        var counter = new ShapeCounter();
        counter.Add("first, this. then that.");
        counter.Add("again, this. also that.");
        counter.Add("only ~^~^ here.");
        var shapes = counter.ToShapes();

        Assert.True(Mean(shapes, "often, this. more that.") < 1);
        Assert.True(Mean(shapes, "once ~^~^ more.") > 2 * Mean(shapes, "often, this. more that."));
        Assert.Equal(KnownShapes.Most, KnownShapes.None.Surprise(History("anything")));
    }

    [Fact]
    public void Shapes_from_a_file_are_the_shapes_that_were_written_and_another_file_is_refused()
    {
        var counter = new ShapeCounter();
        counter.Add("a, b. c");
        counter.Add("d, e. f");
        var shapes = counter.ToShapes();
        using var file = new MemoryStream();
        shapes.Write(file);

        file.Position = 0;
        Assert.Equal(shapes.Surprise(History("a, b.")), KnownShapes.Read(file).Surprise(History("a, b.")));
        Assert.Throws<EndOfStreamException>(() => KnownShapes.Read(new MemoryStream(file.ToArray()[..^1])));
        Assert.Throws<InvalidDataException>(() => KnownShapes.Read(new MemoryStream([.. "MLKP0001"u8, .. new byte[KnownShapes.Slots]])));
    }

    private static List<ulong> Shape(string text)
    {
        List<ulong> histories = [];
        var reader = new ShapeReader(text, 0, text.Length);
        while (reader.Next())
        {
            histories.Add(reader.History);
        }

        return histories;
    }

    private static ulong History(string text) => Shape(text)[^1];

    private static double Mean(KnownShapes shapes, string text) => Shape(text).Average(history => shapes.Surprise(history));
}
