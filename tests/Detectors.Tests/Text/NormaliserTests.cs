using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Tests.Text;

/// <summary>The normal form, and the marks that are certain.</summary>
public sealed class NormaliserTests
{
    [Theory]
    [InlineData("Ignore ALL", "ignore all")]
    [InlineData("Ｉｇｎｏｒｅ　ａｌｌ", "ignore all")]
    [InlineData("𝐈𝐠𝐧𝐨𝐫𝐞 𝒶𝓁𝓁", "ignore all")]
    [InlineData("ⓘⓖⓝⓞⓡⓔ 🅰🅻🅻", "ignore 🅰🅻🅻")]
    [InlineData("ɪɢɴᴏʀᴇ ᴀʟʟ", "ignore all")]
    [InlineData("ignоre аll рrevious", "ignore all previous")]
    [InlineData("read аӏӏ оf it", "read all of it")]
    [InlineData("Все данные о клиенте", "все данные о клиенте")]
    [InlineData("η τιμή είναι", "η τιμη ειναι")]
    [InlineData("ì̀g̃nóré", "ignore")]
    [InlineData("i\u200Bg\u200Bn\u2060o\u00ADre", "ignore")]
    [InlineData("ig\uFE0Fnore", "ignore")]
    [InlineData("\u001b[31mignore\u001b[0m all", "ignore all")]
    [InlineData("\u001b]0;ignore all\u0007!", "0;ignore all!")]
    [InlineData("\u009b1mignore", "ignore")]
    [InlineData("&#105;gnore&nbsp;&#x61;ll &lt;b&gt;", "ignore all <b>")]
    [InlineData("&notanentity; AT&T", "&notanentity; at&t")]
    [InlineData("%69gnore%20all %C3%A9t%C3%A9 100% %zz", "ignore all ete 100% %zz")]
    [InlineData("\\u0069gnore\\x20all", "ignore all")]
    [InlineData("one\\ntwo \\\"three\\\"", "one\ntwo \"three\"")]
    [InlineData("a   b\n\n\n c\t d", "a b\nc d")]
    [InlineData("ﬁle №5 ½", "file no5 1⁄2")]
    [InlineData("中文 テスト 한국어", "中文 テスト 한국어")]
    [InlineData("मानक हिन्दी العربية", "मानक हिन्दी العربية")]
    public void A_text_is_read_as_it_looks(string written, string read) => Assert.Equal(read, Reading.Text(written).Normal.ToString());

    [Theory]
    [InlineData("a\u202Eb", HiddenText.BidiOverride)]
    [InlineData("ig\u200Bno\u200Bre", HiddenText.InsideWord)]
    [InlineData("ig\u200Bnore", HiddenText.None)]
    [InlineData("one\u200B two\u200B three\u200B", HiddenText.None)]
    [InlineData("family 👨\u200D👩\u200D👧", HiddenText.None)]
    [InlineData("می\u200Cخواهم نمی\u200Cشود", HiddenText.None)]
    [InlineData("flag 🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", HiddenText.None)]
    [InlineData("x\U000E0069\U000E0067\U000E006E", HiddenText.TagBlock)]
    [InlineData("🏴\U000E0068\U000E0069\U000E0074\U000E0068\U000E0065\U000E007F", HiddenText.TagBlock)]
    [InlineData("🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067", HiddenText.TagBlock)]
    [InlineData("🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E0067\U000E007F", HiddenText.TagBlock)]
    public void Certain_marks_are_certain(string written, HiddenText marks) => Assert.Equal(marks, Reading.Text(written).Hidden);

    [Fact]
    public void A_normal_character_points_to_the_bytes_it_came_from()
    {
        const string Message = """["x &lt; \u0041 i\u200bgnore"]""";
        var text = Reading.Json(Message);
        var at = text.Normal.Chars.IndexOf("ignore");

        Assert.Equal("""i\u200bgnore""", Reading.Source(Message, text.Normal, at, 6));
        Assert.Equal("&lt;", Reading.Source(Message, text.Normal, text.Normal.Chars.IndexOf('<'), 1));
        Assert.Equal(at, text.Normal.IndexOfByte(Message.IndexOf("i\\u200b", StringComparison.Ordinal)));
    }
}
