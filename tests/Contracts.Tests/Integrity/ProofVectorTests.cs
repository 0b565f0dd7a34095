using System.Text.Json;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Integrity;

public sealed class ProofVectorTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("inclusion", 98)]
    [InlineData("consistency", 98)]
    [InlineData("subtreeinclusion", 204)]
    [InlineData("subtreeconsistency", 118)]
    public void Every_published_proof_is_accepted_or_refused_as_it_should_be(string kind, int atLeast)
    {
        var files = Directory.GetFiles(Path.Combine(Vectors.Folder("rfc6962"), "testdata", kind), "*.json", SearchOption.AllDirectories);
        var wrong = files.Where(f => !IsAsPublished(kind, f)).ToList();

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.True(files.Length >= atLeast, $"{files.Length} of {atLeast} vectors");
        output.WriteLine($"{kind}: {files.Length} vectors");
    }

    private static bool IsAsPublished(string kind, string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        var vector = json.RootElement;
        return Verify(kind, vector) != vector.GetProperty("wantErr").GetBoolean();
    }

    private static bool Verify(string kind, JsonElement vector)
    {
        var proof = vector.GetProperty("proof") is { ValueKind: JsonValueKind.Array } hashes ? hashes.EnumerateArray().Select(Hash).ToArray() : [];
        if (proof.Contains(null))
        {
            return false;
        }

        var nodes = proof.Select(p => p!.Value).ToArray();
        long Number(string name) => unchecked((long)vector.GetProperty(name).GetUInt64());
        Digest Root(string name) => StandIn(vector.GetProperty(name));
        Digest? leaf = vector.TryGetProperty("leafHash", out var hash) ? Hash(hash) : null;
        return kind switch
        {
            "inclusion" => leaf is { } l && MerkleProof.VerifyInclusion(Number("leafIdx"), Number("treeSize"), l, nodes, Root("root")),
            "consistency" => MerkleProof.VerifyConsistency(Number("size1"), Number("size2"), Root("root1"), Root("root2"), nodes),
            "subtreeinclusion" => leaf is { } l && MerkleProof.VerifySubtreeInclusion(Number("leafIdx"), Number("start"), Number("end"), l, nodes, Root("root")),
            _ => MerkleProof.VerifySubtreeConsistency(Number("start"), Number("end"), Number("size"), Root("root1"), Root("root2"), nodes),
        };
    }

    /// <summary>A hash of another length than 32 bytes cannot even be expressed: null.</summary>
    private static Digest? Hash(JsonElement element) => element.GetBytesFromBase64() is { Length: Digest.Size } bytes ? Digest.FromBytes(bytes) : null;

    /// <summary>Some vectors put words where a root should be, to say that any value does: they are kept apart by their digests.</summary>
    private static Digest StandIn(JsonElement element) => Hash(element) ?? Digest.Of(element.GetBytesFromBase64());
}
