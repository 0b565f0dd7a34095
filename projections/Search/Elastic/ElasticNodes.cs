namespace McpLedger.Projections.Search.Elastic;

/// <summary>Whose turn it is: every node in turn, but for those that failed of late, unless all did.</summary>
internal sealed class ElasticNodes(IReadOnlyList<Uri> nodes, TimeProvider time)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(15);
    private readonly long[] _restedAt = new long[nodes.Count];
    private uint _turn;

    public int Next()
    {
        var first = (int)(Interlocked.Increment(ref _turn) % (uint)nodes.Count);
        var now = time.GetTimestamp();
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = (first + i) % nodes.Count;
            if (Volatile.Read(ref _restedAt[node]) <= now)
            {
                return node;
            }
        }

        return first;
    }

    public Uri this[int node] => nodes[node];

    public void Failed(int node) => Volatile.Write(ref _restedAt[node], time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency));

    public void Answered(int node) => Volatile.Write(ref _restedAt[node], 0);
}
