using System.Security.Cryptography;

namespace McpLedger.Detectors.Injection;

/// <summary>The files of one model, each held to the digest that <c>model.json</c> gives it.</summary>
/// <param name="open">Opens a file of the model by its name, relative and with forward slashes; null where there is none.</param>
internal sealed class ModelFiles(Func<string, Stream?> open)
{
    // The largest model that is still a model and not somebody's disk.
    private const int MaxBytes = 256 * 1024 * 1024;

    public byte[] Manifest() => Read(ModelManifest.FileName);

    /// <summary>The bytes of a file that the manifest names.</summary>
    /// <exception cref="InvalidDataException">The manifest does not name it, it is not there, or it is another file than the manifest says.</exception>
    public MemoryStream Open(ModelManifest manifest, string name)
    {
        if (!manifest.Files.TryGetValue(name, out var expected))
        {
            throw new InvalidDataException($"model.json uses '{name}' and does not list it under files.");
        }

        var bytes = Read(name);
        var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return string.Equals(found, expected, StringComparison.Ordinal)
            ? new(bytes, writable: false)
            : throw new InvalidDataException($"'{name}' is not the file that model.json names: SHA-256 {found}, expected {expected}. Fix: restore the model folder.");
    }

    private byte[] Read(string name)
    {
        if (name.Length == 0 || Path.IsPathRooted(name) || name.Split('/', '\\').Contains(".."))
        {
            throw new InvalidDataException($"'{name}' is no file of a model folder.");
        }

        using var stream = open(name) ?? throw new InvalidDataException($"The model has no file '{name}'.");
        using var bytes = new MemoryStream();
        var block = new byte[81920];
        for (var read = stream.Read(block); read > 0; read = stream.Read(block))
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > MaxBytes)
            {
                throw new InvalidDataException($"'{name}' is larger than {MaxBytes} bytes.");
            }
        }

        return bytes.ToArray();
    }
}
