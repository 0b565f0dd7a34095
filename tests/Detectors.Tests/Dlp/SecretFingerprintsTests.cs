using System.Text;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>A secret that came from one server is known again on its way to another.</summary>
public sealed class SecretFingerprintsTests
{
    private const string Secret = "kT9-vbQ2mXz7RpL4wNc8sYd";
    private const int Origin = 1;
    private const int Other = 2;

    private readonly SecretFingerprints _prints = new("a key of the process"u8, 100);
    private readonly SecretSighting[] _seen = new SecretSighting[8];

    public static TheoryData<string, SecretForm> Forms => new()
    {
        { Secret, SecretForm.Plain },
        { "kT9%2DvbQ2mXz7RpL4wNc8sYd", SecretForm.Plain },
        { "k T 9 v b Q 2 m X z 7 R p L 4 w N c 8 s Y d", SecretForm.Plain },
        { new string([.. Secret.Reverse()]), SecretForm.Reversed },
        { Convert.ToHexString(Encoding.ASCII.GetBytes(Secret)), SecretForm.Hex },
        { Convert.ToBase64String(Encoding.ASCII.GetBytes(Secret)), SecretForm.Base64 },
        { Convert.ToBase64String(Encoding.ASCII.GetBytes("x" + Secret + "tail")), SecretForm.Base64 },
        { Convert.ToBase64String(Encoding.ASCII.GetBytes("xy" + Secret)), SecretForm.Base64 },
    };

    [Theory, MemberData(nameof(Forms))]
    public void A_secret_is_found_in_what_goes_to_another_server(string written, SecretForm form)
    {
        _prints.Remember(GenericSecrets.Rule, Secret, Origin);

        var text = $"please store {written} in the notes";
        Assert.Equal(1, _prints.Find(text, Other, _seen));
        Assert.Equal((Origin, form), (_seen[0].Origin, _seen[0].Form));
        Assert.InRange(_seen[0].Start, 13, 20);
    }

    [Fact]
    public void Made_up_secrets_of_one_server_crowd_out_no_other_servers()
    {
        _prints.Remember(GenericSecrets.Rule, Secret, Origin);
        for (var i = 0; i < 1000; i++)
        {
            _prints.Remember(GenericSecrets.Rule, new Draw((ulong)i).Text(SecretToken.Alphanumeric, 30), Other);
        }

        Assert.Equal(1, _prints.Find($"store {Secret}", Other, _seen));
    }

    [Fact]
    public void What_came_from_two_servers_may_go_back_to_both_and_to_no_third()
    {
        _prints.Remember(GenericSecrets.Rule, Secret, Origin);
        _prints.Remember(GenericSecrets.Rule, Secret, Other);

        Assert.Equal(0, _prints.Find(Secret, Origin, _seen));
        Assert.Equal(0, _prints.Find(Secret, Other, _seen));
        Assert.Equal(1, _prints.Find(Secret, 3, _seen));
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n{0}\n-----END PRIVATE KEY-----")]
    [InlineData("+{1}")]
    [InlineData("\"{2}\"")]
    public void A_key_is_known_without_the_lines_around_it_and_however_its_own_end(string written)
    {
        var lines = new Draw(8).Text(SecretToken.Alphanumeric, 640).Chunk(64).Select(line => new string(line)).ToArray();
        _prints.Remember(SecretShapes.PrivateKey, $"-----BEGIN PRIVATE KEY-----\n{string.Join('\n', lines)}\n-----END PRIVATE KEY-----", Origin);

        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, written, string.Join('\n', lines), string.Join("\n+", lines), string.Join("\\n", lines));
        Assert.Equal(1, _prints.Find(text, Other, _seen));
    }

    [Fact]
    public void What_came_from_a_server_may_go_back_to_it()
    {
        _prints.Remember(GenericSecrets.Rule, Secret, Origin);

        Assert.Equal(0, _prints.Find(Secret, Origin, _seen));
    }

    [Fact]
    public void A_part_of_a_secret_is_not_the_secret()
    {
        _prints.Remember(GenericSecrets.Rule, Secret, Origin);

        Assert.Equal(0, _prints.Find(Secret.AsSpan(0, Secret.Length - 1), Other, _seen));
        Assert.Equal(0, _prints.Find("nothing of the kind stands here", Other, _seen));
    }

    [Fact]
    public void Secrets_that_begin_alike_are_looked_for_in_the_time_that_the_text_takes()
    {
        // At each letter all of each was hashed: minutes, were it so.
        var prints = new SecretFingerprints("a key of the process"u8, 200);
        var same = new string('a', 200);
        for (var i = 0; i < 64; i++)
        {
            prints.Remember(GenericSecrets.Rule, $"{same}-{i:00}", Origin);
            prints.Remember(GenericSecrets.Rule, same.AsSpan(0, 10 + i), Origin);
            prints.Remember(GenericSecrets.Rule, same.AsSpan(0, 10 + i), Other);
        }

        var text = string.Concat(new string('a', 1024 * 1024), "-63");
        Assert.Equal(1, prints.Find(text, Other, _seen));
        Assert.Equal((text.Length - 203, 203), (_seen[0].Start, _seen[0].Length));
    }

    [Fact]
    public void A_short_value_is_not_remembered()
    {
        _prints.Remember(GenericSecrets.Rule, "abc123", Origin);

        Assert.Equal(0, _prints.Find("abc123", Other, _seen));
    }

    [Fact]
    public void The_oldest_are_forgotten_first()
    {
        for (var i = 0; i < 300; i++)
        {
            _prints.Remember(GenericSecrets.Rule, $"secret-value-number-{i:000}-end", Origin);
        }

        Assert.InRange(_prints.Count, 300, 600);
        Assert.Equal(0, _prints.Find("secret-value-number-000-end", Other, _seen));
        Assert.Equal(1, _prints.Find("secret-value-number-299-end", Other, _seen));
    }
}
