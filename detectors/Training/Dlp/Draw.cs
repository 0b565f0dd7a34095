using System.Numerics;

namespace McpLedger.Detectors.Training.Dlp;

/// <summary>Numbers that are the same for one seed on every runtime (SplitMix64).</summary>
internal sealed class Draw(ulong seed)
{
    private ulong _state = seed;

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public int Between(int first, int last) => first + Below(last - first + 1);

    public bool Once(int outOf) => Below(outOf) == 0;

    public T Of<T>(IReadOnlyList<T> all) => all[Below(all.Count)];

    public string Text(string alphabet, int length) => string.Create(length, (this, alphabet), static (text, made) =>
    {
        foreach (ref var c in text)
        {
            c = made.alphabet[made.Item1.Below(made.alphabet.Length)];
        }
    });

    public byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(_ => (byte)Next())];

    private ulong Next()
    {
        var value = _state += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return BitOperations.RotateLeft(value ^ (value >> 31), 7);
    }
}
