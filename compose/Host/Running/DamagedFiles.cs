using McpLedger.Streaming;
using McpLedger.Streaming.Embedded;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Running;

/// <summary>
/// Files of this machine that damage is looked for in. Where the ledger is in Kafka that is the spool, which is named <c>spool</c>: its offsets are those of no partition.
/// </summary>
/// <param name="Find">Finds what cannot be read and was not accepted.</param>
/// <param name="Accept">Lets readers step over a stretch.</param>
/// <param name="NameOf">Name of a stretch's partition.</param>
internal sealed record DamagedFiles(Func<CancellationToken, IEnumerable<DamagedStretch>> Find, Action<DamagedStretch> Accept, Func<DamagedStretch, string> NameOf)
{
    public const string SpoolName = "spool";

    public static DamagedFiles Of(ILedger ledger) => ledger switch
    {
        EmbeddedLedger files => new(stop => files.Partitions.SelectMany(p => files.FindDamage(p, stop)), files.AcceptDamage, static s => s.Partition.ToString()),
        KafkaLedger kafka => new(kafka.FindDamage, kafka.AcceptDamage, static _ => SpoolName),
        _ => None,
    };

    public static DamagedFiles Of(SpoolFiles? spool) => spool is null ? None : new(spool.FindDamage, spool.AcceptDamage, static _ => SpoolName);

    /// <summary>What a data folder holds, whoever else writes to it: nothing in it is touched. Null where it holds no ledger and no spool.</summary>
    public static IReadOnlyList<DamageLine>? ListIn(string dataFolder, CancellationToken cancellationToken)
    {
        var (isLedger, isSpool) = (EmbeddedLedgerFiles.AreIn(dataFolder), SpoolFiles.AreIn(dataFolder));
        if (!isLedger && !isSpool)
        {
            return null;
        }

        IEnumerable<DamageLine> lines = [];
        if (isLedger)
        {
            var files = EmbeddedLedgerFiles.OpenReadOnly(dataFolder, TimeProvider.System);
            lines = files.Partitions.SelectMany(p => files.FindDamage(p, cancellationToken)).Select(static s => LineOf(s, s.Partition.ToString()));
        }

        return [.. lines, .. isSpool ? SpoolFiles.FindDamageIn(dataFolder, cancellationToken).Select(static s => LineOf(s, SpoolName)) : []];
    }

    public IReadOnlyList<DamageLine> List(CancellationToken cancellationToken) => [.. Find(cancellationToken).Select(LineOf)];

    public DamageLine LineOf(DamagedStretch stretch) => LineOf(stretch, NameOf(stretch));

    private static DamageLine LineOf(DamagedStretch s, string name) => new(name, s.FirstOffset, s.NextOffset, s.Segment, s.Position, s.Length, s.Sha256.ToString());

    private static DamagedFiles None { get; } = new(static _ => [], static _ => { }, static s => s.Partition.ToString());
}
