namespace McpLedger.Detectors.Injection;

/// <summary>
/// How surprising it is that a text goes on as it does, by <see cref="ShapeReader"/>'s symbols: counted over ordinary texts, and read by backing off from six symbols to one.
/// As a file: <c>MLSH0001</c>, then one byte a slot.
/// </summary>
internal sealed class KnownShapes(byte[] cells)
{
    /// <summary>Slots: a power of two.</summary>
    public const int Slots = 1 << 21;

    /// <summary>The surprise of what was never seen, in nats; nothing is more surprising.</summary>
    public const float Most = 9;

    // What a cell holds: zero where nothing was seen, else one more than the surprise in these steps.
    private const float Steps = 25;

    // ln(1/0.4): what each symbol less of what went before costs ("stupid backoff", Brants et al. 2007).
    private const float Backoff = 0.9162907f;

    private static readonly byte[] Magic = "MLSH0001"u8.ToArray();

    public static KnownShapes None { get; } = new(new byte[Slots]);

    /// <summary>The surprise of the newest symbol after those before it, in nats.</summary>
    public float Surprise(ulong history)
    {
        var missed = 0f;
        for (var order = ShapeReader.Remembered; order > 0; order--)
        {
            if (cells[SlotOf(KeyOf(history, order))] is var cell and > 0)
            {
                return Math.Min(Most, ((cell - 1) / Steps) + missed);
            }

            missed += Backoff;
        }

        return Most;
    }

    /// <summary>The newest symbols of a history as one number that no other run of symbols has.</summary>
    public static ulong KeyOf(ulong history, int order) => (history & ((1UL << (order * ShapeReader.SymbolBits)) - 1)) | ((ulong)order << (ShapeReader.Remembered * ShapeReader.SymbolBits));

    /// <summary>Where runs that share a slot meet, the less surprising of them counts.</summary>
    /// <param name="surprises">By <see cref="KeyOf"/>, in nats.</param>
    public static KnownShapes Of(IEnumerable<KeyValuePair<ulong, double>> surprises)
    {
        var cells = new byte[Slots];
        foreach (var (key, surprise) in surprises)
        {
            ref var cell = ref cells[SlotOf(key)];
            var value = (byte)(1 + Math.Min(byte.MaxValue - 1, (int)Math.Round(surprise * Steps)));
            cell = cell == 0 ? value : Math.Min(cell, value);
        }

        return new(cells);
    }

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    public static KnownShapes Read(Stream stream)
    {
        Span<byte> magic = new byte[Magic.Length];
        stream.ReadExactly(magic);
        if (!magic.SequenceEqual(Magic))
        {
            throw new InvalidDataException("These are no shapes of texts: the file does not begin with MLSH0001.");
        }

        var cells = new byte[Slots];
        stream.ReadExactly(cells);
        return new(cells);
    }

    public void Write(Stream stream)
    {
        stream.Write(Magic);
        stream.Write(cells);
    }

    private static int SlotOf(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> (64 - 21));
}
