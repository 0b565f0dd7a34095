using System.Collections.Concurrent;
using System.Security.Cryptography;
using McpLedger.Detectors.Injection;

namespace McpLedger.Gateway.Screening;

/// <summary>The models of this process: a reload that changes something else does not read one anew. What no configuration uses any more the collector takes.</summary>
internal static class LoadedModels
{
    private static readonly ConcurrentDictionary<string, WeakReference<InjectionModel>> Loaded = new(StringComparer.Ordinal);
    private static readonly Lock Gate = new();

    /// <summary>The model of a folder.</summary>
    /// <exception cref="InvalidDataException">The folder holds none, or another than its manifest says.</exception>
    public static InjectionModel Open(string folder)
    {
        var manifest = Path.Combine(folder, "model.json");
        if (!File.Exists(manifest))
        {
            throw new InvalidDataException($"{folder} holds no model: there is no model.json in it.");
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(manifest)));
        lock (Gate)
        {
            if (Loaded.TryGetValue(digest, out var known) && known.TryGetTarget(out var model))
            {
                return model;
            }

            model = InjectionModel.Open(folder);
            Loaded[digest] = new(model);
            return model;
        }
    }
}
