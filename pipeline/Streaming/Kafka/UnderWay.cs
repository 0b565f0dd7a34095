using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Kafka;

/// <summary>A record on its way to the cluster: its exact bytes are kept until it is acknowledged, so that it can be looked for and sent again.</summary>
internal abstract class UnderWay(LedgerPartition partition, byte[] bytes, string chain, long seq)
{
    public LedgerPartition Partition { get; } = partition;

    public byte[] Bytes { get; protected set; } = bytes;

    public string Chain { get; } = chain;

    public long Seq { get; protected set; } = seq;

    /// <summary>Timestamp of the hand-over.</summary>
    public long Since { get; set; }

    /// <summary>Whether its place in the chain can be given to the next one, for it was promised to nobody yet.</summary>
    public virtual bool MayBeLeftOut => false;

    /// <summary>The cluster has it.</summary>
    public abstract void Acknowledged(long offset);
}
