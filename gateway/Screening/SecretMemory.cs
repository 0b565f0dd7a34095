using System.Security.Cryptography;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Gateway.Screening;

/// <summary>Whose secrets are remembered together: sessions of the legacy era are one server's, so it is the caller who carries a secret from one server to another.</summary>
internal readonly record struct SecretOwner(string Issuer, string Subject, string? Agent);

/// <summary>
/// Secrets that servers' answers held, known again in what goes to other servers. Fingerprints under a key of this process; no secret is kept. Bounded in callers and in secrets a caller,
/// known to this replica only, gone with the process.
/// </summary>
internal sealed class SecretMemory(TimeProvider time)
{
    private const int MaxOwners = 512;
    private const int MaxSecrets = 64;
    private const int MaxServers = 4096;
    private static readonly TimeSpan Longest = TimeSpan.FromHours(8);
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _gate = new();
    private readonly Dictionary<SecretOwner, Remembered> _owners = [];
    private readonly List<string> _servers = [];

    /// <summary>Whether anything is remembered for a caller.</summary>
    public bool Knows(in SecretOwner owner)
    {
        lock (_gate)
        {
            return _owners.ContainsKey(owner);
        }
    }

    /// <summary>Remembers a secret that a server sent to a caller.</summary>
    public void Remember(in SecretOwner owner, string server, DlpRule rule, ReadOnlySpan<char> secret)
    {
        Remembered remembered;
        int origin;
        lock (_gate)
        {
            origin = OriginOf(server);
            if (!_owners.TryGetValue(owner, out remembered!))
            {
                Forget();
                _owners[owner] = remembered = new(new(_key, MaxSecrets));
            }

            remembered.Last = time.GetTimestamp();
        }

        lock (remembered.Gate)
        {
            remembered.Prints.Remember(rule, secret, origin);
        }
    }

    /// <summary>Looks for secrets that other servers sent to a caller, in what goes to <paramref name="server"/>.</summary>
    /// <returns>How many are in <paramref name="seen"/>.</returns>
    public int Find(in SecretOwner owner, string server, ReadOnlySpan<char> text, Span<SecretSighting> seen)
    {
        Remembered? remembered;
        int target;
        lock (_gate)
        {
            target = OriginOf(server);
            if (!_owners.TryGetValue(owner, out remembered))
            {
                return 0;
            }
        }

        lock (remembered.Gate)
        {
            return remembered.Prints.Find(text, target, seen);
        }
    }

    /// <summary>The server that a secret came from.</summary>
    public string ServerOf(int origin)
    {
        lock (_gate)
        {
            return origin >= 0 && origin < _servers.Count ? _servers[origin] : "another server";
        }
    }

    // Servers come from the configuration alone, so there are few; numbers are never used again.
    private int OriginOf(string server)
    {
        var known = _servers.IndexOf(server);
        if (known < 0 && _servers.Count < MaxServers)
        {
            known = _servers.Count;
            _servers.Add(server);
        }

        return known;
    }

    // What nobody used for long goes, or else whoever waited longest.
    private void Forget()
    {
        if (_owners.Count < MaxOwners)
        {
            return;
        }

        foreach (var (owner, remembered) in _owners.Where(each => time.GetElapsedTime(each.Value.Last) > Longest).ToArray())
        {
            _owners.Remove(owner);
        }

        if (_owners.Count >= MaxOwners)
        {
            _owners.Remove(_owners.MinBy(each => each.Value.Last).Key);
        }
    }

    private sealed class Remembered(SecretFingerprints prints)
    {
        public Lock Gate { get; } = new();

        public SecretFingerprints Prints { get; } = prints;

        public long Last { get; set; }
    }
}
