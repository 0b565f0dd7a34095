using System.Runtime.InteropServices;
using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Fitting;

/// <summary>Counts how ordinary texts go on, by shape. A run of symbols is known when two texts have it: what one has and no other is its own.</summary>
internal sealed class ShapeCounter
{
    private readonly Dictionary<ulong, Count> _counts = [];
    private int _texts;
    private long _symbols;

    public void Add(string normalised)
    {
        _texts++;
        var reader = new ShapeReader(normalised, 0, normalised.Length);
        while (reader.Next())
        {
            _symbols++;
            for (var order = 1; order <= ShapeReader.Remembered; order++)
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, KnownShapes.KeyOf(reader.History, order), out _);
                count.Times++;
                count.IsShared |= count.Text != 0 && count.Text != _texts;
                count.Text = _texts;
            }
        }
    }

    public KnownShapes ToShapes() => KnownShapes.Of(_counts.Where(each => each.Value.IsShared).Select(each => KeyValuePair.Create(each.Key, Surprise(each.Key, each.Value.Times))));

    private double Surprise(ulong key, int times)
    {
        var order = (int)(key >> (ShapeReader.Remembered * ShapeReader.SymbolBits));
        var before = order == 1 ? _symbols : _counts.GetValueOrDefault(KnownShapes.KeyOf(key >> ShapeReader.SymbolBits, order - 1)).Times;
        return Math.Log((double)Math.Max(before, times) / times);
    }

    private struct Count
    {
        public int Times;
        public int Text;
        public bool IsShared;
    }
}
