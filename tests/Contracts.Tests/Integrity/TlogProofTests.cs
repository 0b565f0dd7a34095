using System.Text;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

public sealed class TlogProofTests : IDisposable
{
    private const string Origin = "log.example/calls-0";
    private const long Index = 300;

    private readonly SigningKey _key = SigningKey.Create(NoteAlgorithm.Ed25519);
    private readonly byte[] _proof;

    public TlogProofTests()
    {
        var checkpoint = new Checkpoint(Origin, 1000, MemoryLog.Shared.Root(1000)).Sign(new NoteSigner(Origin, _key));
        _proof = TlogProof.Create(Index, new TiledTree(1000, MemoryLog.Shared.Read).Inclusion(Index)!, checkpoint)!.Encode();
    }

    private static byte[] Entry => BitConverter.GetBytes((int)Index);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_proof_stands_on_its_own()
    {
        var proof = Parse(_proof);

        Assert.Equal(_proof, proof.Encode());
        Assert.Equal(ProofVerdict.Verified, proof.Verify(Entry, _key.Verifier(Origin)));
    }

    [Fact]
    public void A_proof_is_worth_nothing_without_the_key_the_origin_and_the_entry()
    {
        using var stranger = SigningKey.Create(NoteAlgorithm.Ed25519);
        var elsewhere = Parse(TlogProof.Create(Index, Parse(_proof).Hashes, new Checkpoint("log.example/other", 1000, MemoryLog.Shared.Root(1000)).Sign(new NoteSigner(Origin, _key)))!.Encode());

        Assert.Equal(ProofVerdict.Unsigned, Parse(_proof).Verify(Entry, stranger.Verifier(Origin)));
        Assert.Equal(ProofVerdict.WrongOrigin, elsewhere.Verify(Entry, _key.Verifier(Origin)));
        Assert.Equal(ProofVerdict.NotIncluded, Parse(_proof).Verify("another"u8, _key.Verifier(Origin)));
        Assert.Equal(ProofVerdict.Forged, Parse(Changed("\n1000\n", "\n1001\n")).Verify(Entry, _key.Verifier(Origin)));
        Assert.Equal(ProofVerdict.NotIncluded, Parse(Changed("index 300", "index 301")).Verify(Entry, _key.Verifier(Origin)));
    }

    [Fact]
    public void Extra_bytes_are_carried_and_not_trusted()
    {
        var proof = Parse(Changed("index 300", "extra aGVsbG8=\nindex 300"));

        Assert.Equal("hello"u8.ToArray(), proof.Extra!.Value.ToArray());
        Assert.Equal(ProofVerdict.Verified, proof.Verify(Entry, _key.Verifier(Origin)));
        Assert.Equal(Changed("index 300", "extra aGVsbG8=\nindex 300"), proof.Encode());
    }

    [Theory]
    [InlineData("proof@v1", "proof@v2")]
    [InlineData("index 300", "index 0300")]
    [InlineData("index 300", "index -1")]
    [InlineData("index 300", "Index 300")]
    [InlineData("index 300", "index 300 ")]
    [InlineData("index 300", "extra !\nindex 300")]
    [InlineData("index 300", "index 300\nextra aGVsbG8=")]
    [InlineData("index 300\n", "index 300\n\n")]
    [InlineData("index 300\n", "index 300\naGVsbG8=\n")]
    [InlineData("\n\nlog", "\nlog")]
    public void What_is_no_proof_is_refused(string from, string to) => Assert.False(TlogProof.TryParse(Changed(from, to), out _));

    [Fact]
    public void No_prefix_of_a_proof_is_a_proof()
    {
        for (var length = 0; length < _proof.Length; length++)
        {
            Assert.False(TlogProof.TryParse(_proof.AsSpan(0, length), out _));
        }
    }

    private byte[] Changed(string from, string to) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_proof).Replace(from, to, StringComparison.Ordinal));

    private static TlogProof Parse(byte[] bytes) => TlogProof.TryParse(bytes, out var proof) ? proof! : throw new FormatException(Encoding.UTF8.GetString(bytes));
}
