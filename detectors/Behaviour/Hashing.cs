using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Behaviour;

/// <summary>64-bit hashes that are the same on every machine. They keep apart what is different, and keep nobody from making two things equal: nothing is trusted because of them.</summary>
internal static class Hashing
{
    private const ulong Prime = 0x9E3779B97F4A7C15UL;

    /// <summary>One more word into a hash (the finaliser of SplitMix64).</summary>
    public static ulong Mix(ulong hash, ulong word)
    {
        var z = (hash ^ word) + Prime;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var hash = (ulong)bytes.Length;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            hash = Mix(hash, word);
        }

        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            hash = Mix(hash, rest);
        }

        return hash;
    }

    public static ulong Of(ReadOnlySpan<char> text) => Of(MemoryMarshal.AsBytes(text));
}
