using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace McpLedger.Detectors.Behaviour;

/// <summary>The session model: two ensembles of trees over a session's features, one for agents that follow somebody else, one for agents that run away. A folder, as every model.</summary>
public sealed class BehaviourModel
{
    internal const string FileName = "behaviour.json";
    private const int CurrentFormat = 1;
    private const int MaxBytes = 16 * 1024 * 1024;

    private BehaviourModel(BehaviourManifest manifest, string digest, TreeEnsemble hijack, TreeEnsemble runaway)
    {
        (Id, Digest, Hijack, Runaway) = (manifest.Id, digest, hijack, runaway);
        (HijackThreshold, HijackCertain, RunawayThreshold) = (manifest.HijackThreshold, manifest.HijackCertain, manifest.RunawayThreshold);
    }

    /// <summary>The folder beside the program with the model that comes with it.</summary>
    public static string ShippedFolder { get; } = Path.Combine(AppContext.BaseDirectory, "models", "behaviour");

    /// <summary>The model's name.</summary>
    public string Id { get; }

    /// <summary>SHA-256 of its manifest, which holds the digests of all other files.</summary>
    public string Digest { get; }

    /// <summary>Probability from which a session counts as hijacked: one clean session in twenty gets there.</summary>
    public double HijackThreshold { get; }

    /// <summary>Probability that one clean session in a hundred reaches.</summary>
    public double HijackCertain { get; }

    /// <summary>Probability from which a session counts as run away.</summary>
    public double RunawayThreshold { get; }

    internal TreeEnsemble Hijack { get; }

    internal TreeEnsemble Runaway { get; }

    /// <summary>Reads a model from its folder.</summary>
    /// <exception cref="InvalidDataException">A file is missing or is not the one that the manifest names.</exception>
    public static BehaviourModel Open(string folder)
    {
        var json = Bytes(folder, FileName);
        var manifest = Parse(json);
        return new(manifest, Convert.ToHexStringLower(SHA256.HashData(json)), Trees(folder, manifest, "hijack.bin"), Trees(folder, manifest, "runaway.bin"));
    }

    internal static byte[] Manifest(BehaviourManifest manifest) => JsonSerializer.SerializeToUtf8Bytes(manifest, BehaviourJson.Default.BehaviourManifest);

    private static BehaviourManifest Parse(byte[] json)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(json, BehaviourJson.Default.BehaviourManifest) ?? throw new InvalidDataException($"{FileName} is null.");
            return manifest.Format == CurrentFormat ? manifest : throw new InvalidDataException($"{FileName} is of format {manifest.Format}; this version reads {CurrentFormat}.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{FileName} is no manifest: {e.Message}", e);
        }
    }

    private static TreeEnsemble Trees(string folder, BehaviourManifest manifest, string name)
    {
        var bytes = Bytes(folder, name);
        if (!string.Equals(manifest.Files.GetValueOrDefault(name), Convert.ToHexStringLower(SHA256.HashData(bytes)), StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{name}' is not the file that {FileName} names. Fix: restore the model folder.");
        }

        using var stream = new MemoryStream(bytes);
        var trees = TreeEnsemble.Read(stream);
        return trees.Features <= SessionState.Features ? trees : throw new InvalidDataException($"'{name}' reads {trees.Features} features; this version has {SessionState.Features}.");
    }

    private static byte[] Bytes(string folder, string name)
    {
        var file = new FileInfo(Path.Combine(folder, name));
        return !file.Exists ? throw new InvalidDataException($"The model in '{folder}' has no file '{name}'.")
            : file.Length > MaxBytes ? throw new InvalidDataException($"'{name}' is larger than {MaxBytes} bytes.")
            : File.ReadAllBytes(file.FullName);
    }
}

/// <summary>What the folder of a session model holds, and the numbers that turn scores into signals.</summary>
internal sealed record BehaviourManifest
{
    public required int Format { get; init; }

    public required string Id { get; init; }

    /// <summary>Every other file, with its SHA-256 in hexadecimal.</summary>
    public required SortedDictionary<string, string> Files { get; init; }

    public required double HijackThreshold { get; init; }

    public required double HijackCertain { get; init; }

    public required double RunawayThreshold { get; init; }

    /// <summary>Digest of the injection model whose tails the trees were grown on.</summary>
    public required string InjectionDigest { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(BehaviourManifest))]
internal sealed partial class BehaviourJson : JsonSerializerContext;
