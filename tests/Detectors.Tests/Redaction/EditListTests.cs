using System.Text;
using McpLedger.Detectors.Redaction;

namespace McpLedger.Detectors.Tests.Redaction;

/// <summary>Edits that were planned on a message which others had changed before.</summary>
public sealed class EditListTests
{
    [Fact]
    public void An_edit_of_the_changed_message_becomes_one_of_the_message_before()
    {
        var message = Encoding.UTF8.GetBytes("..se~~cr~~et..~");
        var (unseen, redacted, both) = (new EditList(), new EditList(), new EditList());
        unseen.Add(4, 2, default, "unseen");
        unseen.Add(8, 2, default, "unseen");
        unseen.Add(14, 1, default, "unseen");
        redacted.Add(2, 6, "[x]"u8, "secret");

        both.Add(redacted, unseen);
        both.Add(unseen, new());
        both.Settle();

        Assert.Equal("..secret..", Apply(unseen, message));
        Assert.Equal("..[x]..", Apply(both, message));
    }

    [Theory]
    [InlineData(0, false, 0)]
    [InlineData(2, true, 2)]
    [InlineData(2, false, 4)]
    [InlineData(3, false, 5)]
    [InlineData(5, false, 6)]
    [InlineData(5, true, 8)]
    [InlineData(7, false, 8)]
    public void A_place_in_the_changed_message_is_found_again_in_the_one_before(int offset, bool isEnd, int before)
    {
        // ab~~cdXYef: two bytes go, two become three.
        var edits = new EditList();
        edits.Add(2, 2, default, "unseen");
        edits.Add(6, 2, "###"u8, "secret");

        Assert.Equal(before, edits.ToBefore(offset, isEnd));
    }

    [Fact]
    public void Places_among_a_million_edits_are_found_in_the_time_that_their_number_takes()
    {
        // Each place passed over all edits before it: an hour, were it so. Of three bytes the second goes.
        const int Count = 1_000_000;
        var edits = new EditList();
        for (var i = 0; i < Count; i++)
        {
            edits.Add((3 * i) + 1, 1, default, "unseen");
        }

        for (var i = 1; i < Count; i++)
        {
            if ((edits.ToBefore((2 * i) - 1, isEnd: true), edits.ToBefore((2 * i) + 1, isEnd: false)) != ((3 * i) - 2, (3 * i) + 2))
            {
                Assert.Fail($"at {i}");
            }
        }
    }

    [Fact]
    public void A_place_is_found_among_the_edits_that_there_are_by_then()
    {
        var edits = new EditList();
        edits.Add(6, 2, default, "unseen");
        Assert.Equal(8, edits.ToBefore(6, isEnd: false));
        edits.Add(2, 2, default, "unseen");
        edits.Settle();
        Assert.Equal(10, edits.ToBefore(6, isEnd: false));
        edits.Remove(6, 2);
        Assert.Equal(8, edits.ToBefore(6, isEnd: false));
        edits.Clear();
        Assert.Equal(6, edits.ToBefore(6, isEnd: false));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(7, 4)]
    [InlineData(8, 7)]
    public void A_place_in_a_message_is_found_in_the_changed_one(int offset, int after)
    {
        var edits = new EditList();
        edits.Add(2, 2, default, "unseen");
        edits.Add(6, 2, "###"u8, "secret");

        Assert.Equal(after, edits.ToAfter(offset));
    }

    [Fact]
    public void Numbered_placeholders_are_different_and_what_is_taken_out_stays_out()
    {
        var edits = new EditList();
        edits.Add(0, 1, "[x]"u8, "secret");
        edits.Add(2, 1, default, "unseen");
        edits.Add(4, 1, "\"[x]\""u8, "secret");

        edits.Number();

        Assert.Equal("[x:0]bd\"[x:2]\"f", Apply(edits, Encoding.UTF8.GetBytes("abcdef")));
    }

    private static string Apply(EditList edits, byte[] message)
    {
        var changed = new byte[edits.LengthAfter(message.Length)];
        edits.Apply(message, changed);
        return Encoding.UTF8.GetString(changed);
    }
}
