using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace McpLedger.Gateway.Screening;

/// <summary>The desks that wait for work. Screening never waits, but the scheduler takes its threads away in the middle of it: more than one desk a core is at work at once, and a new one costs a collection of the oldest generation.</summary>
internal sealed class ScreeningDesks
{
    // A desk that has read more than this keeps buffers that most messages do not need.
    private const int LargestKept = 1024 * 1024;
    private static readonly int MostKept = 8 * Environment.ProcessorCount;
    private static readonly byte[] Purpose = Encoding.ASCII.GetBytes("mcpledger redaction v1");
    private readonly ConcurrentBag<ScreeningDesk> _free = [];
    private readonly byte[] _key;
    private int _kept;

    /// <param name="shared">A secret that all replicas share: equal values then have equal placeholders, whoever wrote them.</param>
    public ScreeningDesks(ReadOnlySpan<byte> shared)
    {
        _key = new byte[SHA256.HashSizeInBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, _key, salt: [], Purpose);
    }

    public ScreeningDesk Rent(int maxChars)
    {
        while (_free.TryTake(out var desk))
        {
            Interlocked.Decrement(ref _kept);
            if (desk.MaxChars == maxChars)
            {
                return desk;
            }
        }

        return new(maxChars, _key);
    }

    public void Return(ScreeningDesk desk)
    {
        if (desk.Text.Plain.Length > LargestKept || desk.KeptEdits > LargestKept)
        {
            return;
        }

        if (Interlocked.Increment(ref _kept) > MostKept)
        {
            Interlocked.Decrement(ref _kept);
            return;
        }

        _free.Add(desk);
    }
}
