namespace McpLedger.Detectors.Behaviour;

/// <summary>The last calls of a session.</summary>
internal sealed class CallRing
{
    /// <summary>Calls that are remembered.</summary>
    public const int Size = 64;

    private readonly Entry[] _entries = new Entry[Size];
    private long _count;

    /// <summary>Calls there ever were.</summary>
    public long Count => _count;

    /// <summary>How many of them are remembered.</summary>
    public int Kept => (int)Math.Min(_count, Size);

    /// <summary>A call; 1 is the last one.</summary>
    public ref Entry Back(int steps) => ref _entries[(_count - steps) % Size];

    public void Add(in Entry entry) => _entries[_count++ % Size] = entry;

    /// <summary>How many steps back a call is; zero when it is not remembered.</summary>
    public int Find(Guid call)
    {
        for (var back = 1; back <= Kept; back++)
        {
            if (Back(back).Call == call)
            {
                return back;
            }
        }

        return 0;
    }

    internal record struct Entry
    {
        public Guid Call { get; set; }

        public ulong Tool { get; set; }

        public CallPrint Print { get; set; }

        public ToolTraits Traits { get; set; }

        /// <summary>Bytes of the arguments.</summary>
        public long Bytes { get; set; }

        /// <summary>Hash of the result; zero until it came.</summary>
        public ulong Result { get; set; }

        public bool IsError { get; set; }

        /// <summary>Steps to the call, one to eight back, that this one repeats with the same result; a bit each.</summary>
        public uint Standstills { get; set; }
    }
}
