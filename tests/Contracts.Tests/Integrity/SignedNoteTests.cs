using System.Security.Cryptography;
using System.Text;
using CsCheck;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

public sealed class SignedNoteTests
{
    // The example of Go's note package: key, text and signature are its documentation's.
    private const string Peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    private const string Enoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
    private const string Text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    private const string PeterSigned = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    private const string EnochSigned = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

    // Rekor's ECDSA key and one of its checkpoints.
    private const string Rekor = "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=";
    private const string RekorNote = "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n\n— rekor.sigstore.dev wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=\n";

    [Fact]
    public void A_note_is_worth_its_trusted_signatures()
    {
        var note = Parse(Text + "\n" + PeterSigned + EnochSigned);

        Assert.Equal(Text, note.Text);
        Assert.Equal(NoteVerdict.Verified, note.Open(Key(Peter)));
        Assert.Equal(NoteVerdict.Verified, note.Open(Key(Peter), Key(Enoch)));
        Assert.Equal(NoteVerdict.Unsigned, note.Open());
        Assert.Equal(NoteVerdict.Unsigned, note.Open(Key(Peter).Named("SomebodyElse")));
    }

    [Fact]
    public void A_signature_of_a_known_key_that_fails_rejects_the_note_whatever_else_verifies()
    {
        var forged = EnochSigned.Replace("5n2ti", "5n3ti", StringComparison.Ordinal);

        Assert.Equal(NoteVerdict.Forged, Parse(Text + "\n" + PeterSigned + forged).Open(Key(Peter), Key(Enoch)));
        Assert.Equal(NoteVerdict.Verified, Parse(Text + "\n" + PeterSigned + forged).Open(Key(Peter)));
        Assert.Equal(NoteVerdict.Forged, Parse("X" + Text + "\n" + PeterSigned).Open(Key(Peter)));
    }

    [Fact]
    public void An_ECDSA_note_of_a_public_log_verifies()
    {
        Assert.Equal(NoteVerdict.Verified, Parse(RekorNote).Open(Key(Rekor)));
        Assert.Equal(NoteVerdict.Forged, Parse(RekorNote.Replace("798034", "798035", StringComparison.Ordinal)).Open(Key(Rekor)));
        Assert.True(Checkpoint.TryParse(Encoding.UTF8.GetBytes(RekorNote), out _, out var checkpoint));
        Assert.Equal(("Rekor", 798034), (checkpoint!.Origin, checkpoint.Size));
    }

    [Fact]
    public void Ed25519_signs_the_same_bytes_as_everybody_else()
    {
        using var key = SigningKey.FromSeed(Convert.FromBase64String("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").AsSpan(1));

        Assert.Equal(Text + "\n" + PeterSigned, Encoding.UTF8.GetString(SignedNote.Sign(Text, new NoteSigner("PeterNeumann", key))));
    }

    [Theory]
    [InlineData(NoteAlgorithm.Ed25519)]
    [InlineData(NoteAlgorithm.EcdsaP256)]
    public void A_key_goes_through_PEM_and_vkey_and_still_verifies(NoteAlgorithm algorithm)
    {
        using var made = SigningKey.Create(algorithm);
        Assert.True(SigningKey.TryImportPem(made.ExportPem(), out var read));
        using var again = read!;
        var vkey = made.Verifier("log.example/a").ToString();
        var note = Parse(Encoding.UTF8.GetString(SignedNote.Sign("text\n", new NoteSigner("log.example/a", again))));

        Assert.Equal(NoteVerdict.Verified, note.Open(Key(vkey)));
        Assert.Equal(vkey, Key(vkey).ToString());
    }

    [Fact]
    public void A_key_on_another_curve_or_without_its_private_part_is_none()
    {
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var bitcoins = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));

        Assert.All(
            [p256.ExportSubjectPublicKeyInfoPem(), p384.ExportPkcs8PrivateKeyPem(), bitcoins.ExportPkcs8PrivateKeyPem(), bitcoins.ExportECPrivateKeyPem(), ""],
            pem => Assert.False(SigningKey.TryImportPem(pem, out _)));
        Assert.True(SigningKey.TryImportPem(p256.ExportECPrivateKeyPem(), out var key));
        key!.Dispose();
    }

    [Fact]
    public void Two_keys_sign_one_note_during_an_overlap()
    {
        using var old = SigningKey.Create(NoteAlgorithm.Ed25519);
        using var next = SigningKey.Create(NoteAlgorithm.EcdsaP256);
        var note = Parse(Encoding.UTF8.GetString(SignedNote.Sign("text\n", new NoteSigner("log", old), new NoteSigner("log", next))));

        Assert.Equal(NoteVerdict.Verified, note.Open(old.Verifier("log")));
        Assert.Equal(NoteVerdict.Verified, note.Open(next.Verifier("log")));
    }

    [Fact]
    public void No_part_and_no_mutation_of_a_vkey_is_a_key()
    {
        for (var i = 0; i < Peter.Length; i++)
        {
            for (var j = i + 1; j <= Peter.Length; j++)
            {
                Assert.True((i == 0 && j == Peter.Length) || !VerifierKey.TryParse(Peter[i..j], out _), Peter[i..j]);
            }

            var mutated = Peter[..i] + (char)(Peter[i] + 1) + Peter[(i + 1)..];
            Assert.False(VerifierKey.TryParse(mutated, out _), mutated);
        }

        Assert.False(VerifierKey.TryParse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", out _));
        Assert.False(VerifierKey.TryParse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", out _));
        Assert.False(VerifierKey.TryParse("rekor.sigstore.dev+00000000+" + Rekor.Split('+', 3)[2], out _));
    }

    [Fact]
    public void Sixteen_signatures_and_more_are_read_and_a_flood_is_refused()
    {
        Assert.Equal(NoteVerdict.Verified, Parse(Text + "\n" + string.Concat(Enumerable.Repeat(PeterSigned, 100))).Open(Key(Peter)));
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(Text + "\n" + string.Concat(Enumerable.Repeat(PeterSigned, 101))), out _));
    }

    [Fact]
    public void The_text_may_hold_empty_lines() => Assert.Equal("a\n\nb\n", Parse("a\n\nb\n\n" + PeterSigned).Text);

    public static TheoryData<string> Malformed => new(
        "",
        "\n",
        Text,
        Text + "\n",
        Text + PeterSigned,
        Text + "\n" + PeterSigned[..^1],
        "\u0001" + Text + "\n" + PeterSigned,
        Text + "\n\t" + PeterSigned,
        Text + "\n" + PeterSigned.Replace("—", "-", StringComparison.Ordinal),
        Text + "\n— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
        Text + "\n— Bad+Name x08go/ZJ\n",
        Text + "\n— Name x08g\n",
        Text + "\n— Name x08go/Z\n",
        Text + "\n— Name x08go/ZJ \n",
        Text + "\n— x08go/ZJ\n",
        Text + "\n" + PeterSigned + "Unexpected line.\n",
        Text + "\n" + PeterSigned + "\n");

    [Theory]
    [MemberData(nameof(Malformed))]
    public void What_is_no_note_is_refused(string bytes) => Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(bytes), out _));

    [Fact]
    public void Bytes_that_are_no_UTF8_are_no_note() => Assert.False(SignedNote.TryParse([0xff, .. Encoding.UTF8.GetBytes(Text + "\n" + PeterSigned)], out _));

    [Fact]
    public void No_mutation_of_a_signed_note_verifies_as_another_text() =>
        Gen.Select(Gen.Int[0, Encoding.UTF8.GetByteCount(Text) - 1], Gen.Byte).Sample((at, value) =>
        {
            var bytes = Encoding.UTF8.GetBytes(Text + "\n" + PeterSigned);
            var same = bytes[at] == value;
            bytes[at] = value;
            Assert.True(same || !SignedNote.TryParse(bytes, out var note) || note!.Open(Key(Peter)) != NoteVerdict.Verified);
        });

    [Theory]
    [InlineData("origin\n05\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n")]
    [InlineData("origin\n-5\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n")]
    [InlineData("origin\n+5\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n")]
    [InlineData("origin\n5\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SA==\n")]
    [InlineData("origin\n5\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP1=\n")]
    [InlineData("origin\n5\n")]
    [InlineData("\n5\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n")]
    [InlineData("origin\n99999999999999999999\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n")]
    [InlineData("origin\n5\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=")]
    public void What_is_no_checkpoint_is_refused(string text) => Assert.False(Checkpoint.TryParse(text, out _));

    [Fact]
    public void A_checkpoint_may_carry_extension_lines() =>
        Assert.True(Checkpoint.TryParse("origin\n5\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\nmore\n", out _));

    private static SignedNote Parse(string text) => SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out var note) ? note! : throw new FormatException(text);

    private static VerifierKey Key(string vkey) => VerifierKey.TryParse(vkey, out var key) ? key! : throw new FormatException(vkey);
}
