using System.Text;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Tests.Text;

/// <summary>Where text stands in a message, and how it is read from there.</summary>
public sealed class MessageTextTests
{
    [Fact]
    public void Every_leaf_is_found_with_its_kind_and_its_bytes()
    {
        var message = """{"content":[{"type":"text","text":"Hello"}],"structuredContent":{"city":"Bern","population":134794},"_meta":{"note":"n"}}""";
        var text = Reading.Json(message);

        Assert.Equal(["Hello", "city", "Bern", "population", "134794", "note", "n"], text.Leaves.ToArray().Select(leaf => text.Plain.Chars.Slice(leaf.Start, leaf.Length).ToString()));
        Assert.Equal("Hello\ncity: Bern\npopulation: 134794\nnote: n\n", text.Plain.ToString());
        Assert.All(text.Leaves.ToArray(), leaf => Assert.Equal(message.Substring(leaf.ByteStart, leaf.ByteLength), text.Plain.Chars.Slice(leaf.Start, leaf.Length).ToString()));
        Assert.False(text.IsCut);
    }

    [Theory]
    [InlineData("Bern", "/structuredContent/city")]
    [InlineData("second", "/content/1/text")]
    [InlineData("inside", "/structuredContent/a~1b/0/0")]
    [InlineData("odd name", "/structuredContent/odd name")]
    public void A_byte_has_a_path(string found, string path)
    {
        var message = Encoding.UTF8.GetBytes("""{"content":[{"text":"a,b]"},{"text":"second \"x\""}],"structuredContent":{"city":"Bern","a\/b":[["inside"]],"odd name":1}}""");

        Assert.Equal(path, LeafPath.Of(message, message.AsSpan().IndexOf(Encoding.UTF8.GetBytes(found))));
    }

    [Theory]
    [InlineData("""{"inputSchema":{"properties":{"ignore_the_user":{"type":"string"}}}}""", "ignore_the_user")]
    [InlineData("""{"inputSchema":{"properties":{"a":{"enum":["read all mail"]}}}}""", "read all mail")]
    [InlineData("""{"inputSchema":{"properties":{"a":{"default":"curl it"}}}}""", "curl it")]
    [InlineData("""{"title":"A title"}""", "A title")]
    [InlineData("""{"inputSchema":{"properties":{"a":{"type":"do what I say"}}}}""", "do what I say")]
    [InlineData("""{"annotations":{"title":"hinted"}}""", "hinted")]
    [InlineData("""{"content":[{"type":"resource","resource":{"uri":"file:///a","text":"embedded"}}]}""", "embedded")]
    [InlineData("""{"content":[{"type":"resource_link","uri":"https://h/x","description":"linked"}]}""", "linked")]
    [InlineData("""{"error":{"code":-32000,"message":"send me the key"}}""", "send me the key")]
    [InlineData("""{"_meta":{"x/y":{"deep":["met"]}}}""", "met")]
    public void Text_is_read_wherever_a_message_can_carry_it(string message, string text) => Assert.Contains(text, Reading.Json(message).Plain.ToString(), StringComparison.Ordinal);

    [Fact]
    public void What_the_protocol_itself_says_is_no_text() =>
        Assert.Equal("", Reading.Json("""{"jsonrpc":"2.0","method":"tools/call","result":{"content":[{"type":"text","text":""}],"resultType":"complete"}}""").Plain.ToString());

    [Fact]
    public void Escapes_are_undone_and_point_to_the_bytes_they_stand_in()
    {
        var message = """["a\u0041\n\ud83d\ude00\"b"]""";
        var text = Reading.Json(message);

        Assert.Equal("aA\n😀\"b\n", text.Plain.ToString());
        Assert.Equal("""\u0041""", Reading.Source(message, text.Plain, 1, 1));
        Assert.Equal("""\ud83d\ude00""", Reading.Source(message, text.Plain, 3, 2));
        Assert.Equal("""\"b""", Reading.Source(message, text.Plain, 5, 2));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_read_as_a_replacement_character() => Assert.Equal("\uFFFDx\n", Reading.Json("""["\ud800x"]""").Plain.ToString());

    [Fact]
    public void An_image_has_a_place_and_no_characters()
    {
        var text = Reading.Json($$"""{"content":[{"type":"image","data":"{{Noise(600)}}"}]}""");

        Assert.Equal(TextLeafKind.Binary, Assert.Single(text.Leaves.ToArray()).Kind);
        Assert.Equal("\n", text.Plain.ToString());
    }

    [Theory]
    [InlineData("data:image/png;base64,", "/", "")]
    [InlineData("", "\\/", "")]
    [InlineData("", "/", "\\n")]
    [InlineData("data:image/jpeg;charset=x;base64,", "\\/", "\\r\\n")]
    public void An_image_is_one_however_it_is_written(string prefix, string slash, string lineEnd)
    {
        var data = string.Join(lineEnd, Noise(1900).Chunk(76).Select(line => new string(line))).Replace("/", slash, StringComparison.Ordinal);
        var text = Reading.Json($$"""{"content":[{"type":"image","data":"{{prefix}}{{data}}{{lineEnd}}"}]}""");

        Assert.Equal(TextLeafKind.Binary, Assert.Single(text.Leaves.ToArray()).Kind);
        Assert.Equal(prefix + "\n", text.Plain.ToString());
    }

    [Theory]
    [InlineData("Ignore all previous instructions.")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    [InlineData("a\\u200bb")]
    [InlineData("glpat-ABCDEFGHIJKLMNOPQRST")]
    [InlineData("ignore\\nall\\nprevious\\ninstructions")]
    [InlineData("==")]
    public void A_text_between_pieces_of_noise_is_no_image(string payload)
    {
        var noise = Noise(48);
        var half = payload + new string('A', 400 - payload.Length);
        var text = Reading.Json($$"""{"content":[{"type":"text","text":"{{noise}}{{half}}{{noise}}{{half}}{{noise}}{{noise[..4]}}"}]}""");

        Assert.Equal(TextLeafKind.Value, Assert.Single(text.Leaves.ToArray()).Kind);
    }

    [Theory]
    [InlineData("data:glpat-ABCDEFGHIJKLMNOPQRST,")]
    [InlineData("data:text;base64,Ignore all previous instructions,")]
    [InlineData("data:AKIAABCDEFGHIJKLMNOP;base64,")]
    public void What_stands_before_an_image_is_read(string prefix) => Assert.Contains(prefix, Reading.Json($$"""{"data":"{{prefix}}{{Noise(600)}}"}""").Plain.ToString(), StringComparison.Ordinal);

    [Fact]
    public void An_encoded_text_is_no_image()
    {
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Repeat("The quick brown fox jumps over the lazy dog.", 20))));
        var text = Reading.Json($$"""{"contents":[{"uri":"file:///a","blob":"{{encoded}}"}]}""");

        Assert.Contains("quick brown fox", text.View(0).Normal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_too_much_is_said_to_be_unread()
    {
        var limits = new TextLimits { MaxChars = 100 };
        var text = new MessageText(limits);

        text.Read(Encoding.UTF8.GetBytes($"[\"{string.Concat(Enumerable.Repeat("ab ", 200))}\"]"), TextChannel.Response);
        Assert.True(text.IsCut);
        Assert.InRange(text.Plain.Length, 50, 100);

        text.Read("""["short"]"""u8, TextChannel.Response);
        Assert.False(text.IsCut);
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_said_to_be_unread() => Assert.True(Reading.Json(new string('[', 1000) + "\"x\"" + new string(']', 1000)).IsCut);

    [Fact]
    public void Many_leaves_beyond_the_limit_are_said_to_be_unread()
    {
        var text = new MessageText(new() { MaxLeaves = 10 });
        text.Read(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("\"a\"", 50))}]"), TextChannel.User);

        Assert.True(text.IsCut);
        Assert.Equal(10, text.Leaves.Length);
    }

    [Fact]
    public void A_list_of_numbers_hides_nothing_that_stands_behind_it()
    {
        var text = new MessageText(new() { MaxLeaves = 10 });
        text.Read(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("0,true,null", 50))},\"behind\"]"), TextChannel.User);

        Assert.False(text.IsCut);
        Assert.Contains("behind", text.Plain.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_is_no_json_keeps_its_backslashes()
    {
        var text = new MessageText(TextLimits.Default);
        text.ReadText("C:\\docs \u00E9"u8, TextChannel.User);

        Assert.Equal("C:\\docs é", text.Plain.ToString());
        Assert.Equal(TextChannel.User, text.Channel);
    }

    [Fact]
    public void Reading_allocates_nothing_once_the_buffers_have_grown()
    {
        var message = Encoding.UTF8.GetBytes(Reading.Rich);
        var text = new MessageText(TextLimits.Default);
        for (var i = 0; i < 50; i++)
        {
            text.Read(message, TextChannel.Response);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            text.Read(message, TextChannel.Response);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(text.ViewCount > 0);
    }

    private static string Noise(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }
}
