using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Tests.Text;

namespace McpLedger.Detectors.Tests.Injection;

/// <summary>A model is a folder: what is in it is what its manifest says, and another folder is another model.</summary>
public sealed class InjectionModelTests(ShippedModelFixture shipped) : IClassFixture<ShippedModelFixture>
{
    [Theory]
    [InlineData("response.bin")]
    [InlineData("words.bin")]
    [InlineData("pairs.bin")]
    [InlineData("capability.bin")]
    [InlineData("shapes.bin")]
    [InlineData("user-odd.bin")]
    [InlineData("encoder/vocab.txt")]
    public void A_file_that_was_changed_by_one_bit_is_refused(string name)
    {
        var fault = Assert.Throws<InvalidDataException>(() => InjectionModel.Open(Changed(name, bytes => bytes[bytes.Length / 2] ^= 1)));

        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
        Assert.Contains("expected", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_is_named() =>
        Assert.Contains("'user.bin'", Assert.Throws<InvalidDataException>(() => InjectionModel.Open(name => name == "user.bin" ? null : Shipped(name))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"words.bin\"", "\"../words.bin\"")]
    [InlineData("\"words.bin\"", "\"/etc/passwd\"")]
    [InlineData("\"format\": 2", "\"format\": 1")]
    [InlineData("{", "{\"id\":\"a\",")]
    [InlineData("\"user\": {", "\"guest\": {")]
    public void A_manifest_that_is_not_right_is_refused(string from, string to)
    {
        var json = Text("model.json");
        var changed = json.Replace(from, to, StringComparison.Ordinal);

        Assert.NotEqual(json, changed);
        Assert.Throws<InvalidDataException>(() => InjectionModel.Open(name => name == "model.json" ? new MemoryStream(System.Text.Encoding.UTF8.GetBytes(changed)) : Shipped(name)));
    }

    [Fact]
    public void Another_folder_is_another_model_without_a_line_of_code()
    {
        // The user channel's scorer and calibration answer for responses: nothing but model.json says so.
        var json = Text("model.json");
        var user = Cut(json, "\"user\": {");
        var swapped = json.Replace(Cut(json, "\"response\": {"), user.Replace("\"user\"", "\"response\"", StringComparison.Ordinal), StringComparison.Ordinal).Replace("\"id\": \"" + shipped.Model.Id, "\"id\": \"other", StringComparison.Ordinal);
        using var other = InjectionModel.Open(name => name == "model.json" ? new MemoryStream(System.Text.Encoding.UTF8.GetBytes(swapped)) : Shipped(name));
        var text = Reading.Text("Please summarize the report and send it to Anna.");
        var reading = new InjectionReading();

        Assert.Equal("other", other.Id);
        Assert.NotEqual(shipped.Model.Digest, other.Digest);
        Assert.NotEqual(new InjectionDetector(shipped.Model).Score(text, reading).Logit, new InjectionDetector(other).Score(text, reading).Logit);
    }

    [Fact]
    public void Two_openings_of_one_folder_have_one_digest()
    {
        using var again = InjectionModel.Open(ShippedModel.Folder);

        Assert.Equal(shipped.Model.Digest, again.Digest);
    }

    // One channel's object, from its name to the brace that ends it.
    private static string Cut(string json, string name)
    {
        var start = json.IndexOf(name, StringComparison.Ordinal);
        var depth = 0;
        for (var i = json.IndexOf('{', start); ; i++)
        {
            depth += json[i] == '{' ? 1 : json[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return json[start..(i + 1)];
            }
        }
    }

    private static Func<string, Stream?> Changed(string changed, Action<byte[]> change) => name =>
    {
        var bytes = File.ReadAllBytes(Path.Combine(ShippedModel.Folder, name));
        if (name == changed)
        {
            change(bytes);
        }

        return new MemoryStream(bytes);
    };

    private static FileStream Shipped(string name) => File.OpenRead(Path.Combine(ShippedModel.Folder, name));

    private static string Text(string name) => File.ReadAllText(Path.Combine(ShippedModel.Folder, name));
}
