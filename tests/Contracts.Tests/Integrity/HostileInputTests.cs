using System.Text;
using CsCheck;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

/// <summary>Everything in here is fed from files that anyone may have written: a bad input is an answer, never an exception.</summary>
public sealed class HostileInputTests
{
    private const string Origin = "log.example/calls-0";

    private static readonly SigningKey Ed25519 = SigningKey.Create(NoteAlgorithm.Ed25519);
    private static readonly SigningKey Ecdsa = SigningKey.Create(NoteAlgorithm.EcdsaP256);
    private static readonly byte[] Note = new Checkpoint(Origin, 1000, MemoryLog.Shared.Root(1000)).Sign(new NoteSigner(Origin, Ed25519), new NoteSigner(Origin, Ecdsa));
    private static readonly byte[] Proof = TlogProof.Create(300, new TiledTree(1000, MemoryLog.Shared.Read).Inclusion(300)!, Note)!.Encode();
    private static readonly byte[] Leaf = Encoding.UTF8.GetBytes($"mcpledger-leaf/v1\n0197f0a0-0000-7000-8000-000000000000\ncalls-0 42\ngw/1/calls-0 7\n{Digest.Zero}\n");

    private static readonly VerifierKey[] Keys = [Ed25519.Verifier(Origin), Ecdsa.Verifier(Origin)];

    [Fact]
    public void Mutated_notes_proofs_and_leaves_are_answered_and_never_verify_as_something_else() =>
        Gen.Select(Gen.Int[0, 2], Mutations).Sample((which, mutations) =>
        {
            var bytes = Mutate(which switch { 0 => Note, 1 => Proof, _ => Leaf }, mutations);
            if (SignedNote.TryParse(bytes, out var note) && note!.Open(Keys) == NoteVerdict.Verified)
            {
                Assert.Equal(new Checkpoint(Origin, 1000, MemoryLog.Shared.Root(1000)).Text, note.Text);
            }

            if (TlogProof.TryParse(bytes, out var proof) && proof!.Verify(BitConverter.GetBytes(300), Keys) == ProofVerdict.Verified)
            {
                Assert.Equal((300, MemoryLog.Shared.Root(1000)), ((int)proof.Index, proof.Checkpoint.Root));
            }

            if (LedgerLeaf.TryParse(bytes, out var leaf))
            {
                var again = new byte[LedgerLeaf.MaxLength];
                Assert.Equal(bytes, again[..leaf.Format(again)]);
            }

            _ = Tile.TryParse(Encoding.Latin1.GetString(bytes), out _);
            _ = VerifierKey.TryParse(Encoding.Latin1.GetString(bytes), out _);
            _ = LedgerLeaf.Of(LedgerPartition.Calls, 0, bytes);
        }, iter: 20_000);

    [Fact]
    public void Any_bytes_are_no_signature() => Gen.Byte.Array[0, 200].Sample(bytes => Assert.DoesNotContain(Keys, k => k.Verify("text"u8, bytes)));

    [Fact]
    public void A_made_up_size_does_not_keep_the_verifier_busy()
    {
        var findings = new List<VerificationFinding>();
        var verifier = new PartitionVerifier(LedgerPartition.Calls, new(Origin, long.MaxValue, Digest.Zero), static _ => null, findings);
        verifier.Feed(0, "garbage"u8, checksumHolds: true);
        verifier.Complete();

        Assert.Contains(findings, f => f.Check == VerificationChecks.TileMissing);
        Assert.Null(LeafSearch.ByEvent(static _ => null, long.MaxValue, EventId.New(TimeProvider.System)));
        Assert.Equal(0, LeafSearch.ByOffset(static _ => null, long.MaxValue, 5));
        Assert.Null(new TiledTree(long.MaxValue, static _ => null).Root());
    }

    private static Gen<(double At, int How, byte Value)[]> Mutations => Gen.Select(Gen.Double[0, 1], Gen.Int[0, 3], Gen.Byte).Array[0, 4];

    private static byte[] Mutate(byte[] seed, (double At, int How, byte Value)[] mutations)
    {
        var bytes = seed.ToList();
        foreach (var (where, how, value) in mutations)
        {
            var at = Math.Min((int)(where * bytes.Count), bytes.Count - 1);
            switch (how)
            {
                case 0 when at >= 0: bytes[at] = value; break;
                case 1 when at >= 0: bytes.RemoveAt(at); break;
                case 2 when at >= 0: bytes.RemoveRange(at, bytes.Count - at); break;
                default: bytes.Insert(Math.Max(at, 0), value); break;
            }
        }

        return [.. bytes];
    }
}
