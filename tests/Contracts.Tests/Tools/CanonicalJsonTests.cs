using System.Globalization;
using System.Text;
using CsCheck;
using McpLedger.Contracts.Tools;

namespace McpLedger.Contracts.Tests.Tools;

public sealed class CanonicalJsonTests
{
    [Fact]
    public void Every_vector_of_rfc8785_comes_out_as_published()
    {
        var folder = Path.Combine(SharedVectors.Folder("jcs"), "testdata");
        var inputs = Directory.GetFiles(Path.Combine(folder, "input"));
        Assert.NotEmpty(inputs);
        foreach (var input in inputs)
        {
            Assert.True(CanonicalJson.TryWrite(File.ReadAllBytes(input), out var canonical), input);
            var name = Path.GetFileNameWithoutExtension(input);
            var published = File.ReadAllText(Path.Combine(folder, "outhex", $"{name}.txt"));
            Assert.Equal(string.Concat(published.Where(c => !char.IsWhiteSpace(c))), Convert.ToHexStringLower(canonical), ignoreCase: true);
        }
    }

    [Theory]
    [InlineData("4340000000000001", "9007199254740994")]
    [InlineData("4340000000000002", "9007199254740996")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("c1f0000000000000", "-4294967296")]
    [InlineData("3fb999999999999a", "0.1")]
    public void A_number_is_written_as_ecmascript_does(string bits, string text) =>
        Assert.Equal(text, CanonicalJson.Number(BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture))));

    [Fact]
    public void Every_finite_double_reads_back_as_itself() => Gen.Double.Where(double.IsFinite).Sample(value =>
        Assert.Equal(value, double.Parse(CanonicalJson.Number(value), CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("\"\\ud800\"")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("1e400")]
    [InlineData("{")]
    [InlineData("")]
    public void What_has_no_canonical_form_gets_none(string json)
    {
        Assert.False(CanonicalJson.TryWrite(Encoding.UTF8.GetBytes(json), out var canonical));
        Assert.Empty(canonical);
    }
}
