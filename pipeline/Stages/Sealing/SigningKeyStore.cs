using System.Globalization;
using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Stages.Sealing;

/// <summary>A replaced key that the log has not been told of yet.</summary>
internal sealed record KeyRotation(string? Old, string New, string By);

/// <summary>
/// The keys that sign checkpoints, in <c>keys/</c>: <c>signing.key</c> (PEM, mode 0600, made at first start), <c>signing.vkey</c> with one line for
/// each partition's origin, <c>{partition}.vkey</c> with its own, and <c>retired/*.vkey</c> for keys that were replaced. While a rotation is under way
/// <c>signing.key.previous</c> is kept as well, until every partition has a checkpoint that both have signed. A key that is gone is never replaced by
/// itself where something was published or signed with it: <see cref="LostKey"/>.
/// </summary>
public sealed class SigningKeyStore : IDisposable
{
    private const string Current = "signing.key";
    private const string Previous = "signing.key.previous";
    private const string Rotation = "rotation.json";
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly string _prefix;
    private readonly IReadOnlyList<LedgerPartition> _partitions;
    private SigningKey _key;
    private SigningKey? _previous;
    private DateTime _readAt;
    private volatile TaskCompletionSource _rotated = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SigningKeyStore(string folder, string prefix, IReadOnlyList<LedgerPartition> partitions)
    {
        (_folder, _prefix, _partitions) = (folder, prefix, partitions);
        (_key, _previous, _readAt) = Load();
    }

    /// <summary>
    /// Opens the keys, making the first one where there is none. What is published is what is there to sign with: a rotation that a crash cut short before
    /// its key was written did not happen, one that was cut short behind that is finished.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be written to, a key cannot be read, or the key is gone that signed what is there.</exception>
    public static SigningKeyStore Open(SealingOptions options, IReadOnlyList<LedgerPartition> partitions)
    {
        DurableFile.CreateFolder(options.Keys);
        if (!File.Exists(Path.Combine(options.Keys, Current)))
        {
            var lost = LostKey.Retired(options);
            using var made = SigningKey.Create(options.Algorithm);
            Announce(options.Keys, new(lost?.Named(Origin(options.OriginPrefix, partitions[0])).ToString(), VKey(made, options.OriginPrefix, partitions), "start"));
            DurableFile.Replace(Path.Combine(options.Keys, Current), Encoding.UTF8.GetBytes(made.ExportPem()), Secret);
        }

        var store = new SigningKeyStore(options.Keys, options.OriginPrefix, partitions);
        store.Settle();
        return store;
    }

    /// <summary>Replaces the signing key. The next checkpoint of each partition is signed by both, all later ones by the new key.</summary>
    /// <param name="algorithm">Algorithm of the new key; null for that of the one in force.</param>
    /// <param name="by">Who does it, for the log.</param>
    /// <param name="time">The clock.</param>
    /// <returns>False when the last rotation is not finished: a partition still needs its checkpoint that both keys sign.</returns>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public bool TryRotate(NoteAlgorithm? algorithm, string by, TimeProvider time)
    {
        lock (_gate)
        {
            if (File.Exists(Path.Combine(_folder, Previous)))
            {
                return false;
            }

            using var made = SigningKey.Create(algorithm ?? _key.Algorithm);
            var (old, next) = (VKey(_key, _prefix, _partitions), VKey(made, _prefix, _partitions));
            var retired = Path.Combine(_folder, "retired");
            DurableFile.CreateFolder(retired);
            var day = time.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture);
            DurableFile.Replace(Path.Combine(retired, $"{day}-{_key.Verifier(_prefix).KeyId:x8}.vkey"), Lines(_key, _prefix, _partitions), Readable);

            // Its file, because a key can be taken out of memory once only.
            var before = File.ReadAllBytes(Path.Combine(_folder, Current));
            try
            {
                DurableFile.Replace(Path.Combine(_folder, Previous), before, Secret);
                Announce(_folder, new(old, next, by));
                DurableFile.Replace(Path.Combine(_folder, Current), Encoding.UTF8.GetBytes(made.ExportPem()), Secret);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException && IsStill(before))
            {
                // It did not happen: the log is not told of a key that nobody has, and the next try is not refused.
                TryDelete(Path.Combine(_folder, Rotation));
                TryDelete(Path.Combine(_folder, Previous));
                throw;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The new key stands, and only whether its name would outlive a loss of power is open: it happened.
            }

            Reload();
            Publish();
        }

        var rotated = _rotated;
        _rotated = new(TaskCreationOptions.RunContinuationsAsynchronously);
        rotated.SetResult();
        return true;
    }

    /// <summary>Completes with the next rotation, so that an idle partition need not wait for its next checkpoint to be due.</summary>
    internal Task NextRotation => _rotated.Task;

    /// <inheritdoc/>
    public void Dispose()
    {
        _key.Dispose();
        _previous?.Dispose();
    }

    /// <summary>Who signs a checkpoint: the key, and before it the one it replaced when the partition's last checkpoint was not signed by the key yet.</summary>
    internal byte[] Sign(Checkpoint checkpoint, SignedNote? last)
    {
        lock (_gate)
        {
            if (File.GetLastWriteTimeUtc(Path.Combine(_folder, Current)) != _readAt)
            {
                Reload();
            }

            var signer = new NoteSigner(checkpoint.Origin, _key);
            var overlap = last is not null && last.Signatures.All(s => s.KeyId != signer.Key.KeyId);
            return overlap && _previous is { } previous ? checkpoint.Sign(new NoteSigner(checkpoint.Origin, previous), signer) : checkpoint.Sign(signer);
        }
    }

    /// <summary>Whether a partition's checkpoint carries the present key's signature.</summary>
    internal bool HasSigned(string origin, SignedNote? last)
    {
        lock (_gate)
        {
            return last is not null && last.Open(_key.Verifier(origin)) == NoteVerdict.Verified;
        }
    }

    /// <summary>Forgets the replaced key once every partition has a checkpoint that the present one has signed: its first was signed by both.</summary>
    internal void FinishRotation(string tiles)
    {
        lock (_gate)
        {
            if (_previous is null || !_partitions.All(p => SignedNote.TryParse(new TileFolder(tiles, p).Checkpoint(), out var last) && HasSigned(Origin(_prefix, p), last)))
            {
                return;
            }

            File.Delete(Path.Combine(_folder, Previous));
            DurableFile.SyncFolder(_folder);
            _previous.Dispose();
            _previous = null;
        }
    }

    /// <summary>A rotation that the log has not been told of.</summary>
    internal KeyRotation? Unannounced()
    {
        lock (_gate)
        {
            // One whose key is not there to sign with is still under way.
            return Noted() is { } rotation && rotation.New == VKey(_key, _prefix, _partitions) ? rotation : null;
        }
    }

    /// <summary>The log has been told.</summary>
    internal void Announced() => File.Delete(Path.Combine(_folder, Rotation));

    private static string Origin(string prefix, LedgerPartition partition) => $"{prefix}/{partition}";

    private static string VKey(SigningKey key, string prefix, IReadOnlyList<LedgerPartition> partitions) => key.Verifier(Origin(prefix, partitions[0])).ToString();

    private static byte[] Lines(SigningKey key, string prefix, IReadOnlyList<LedgerPartition> partitions) =>
        Encoding.UTF8.GetBytes(string.Concat(partitions.Select(p => key.Verifier(Origin(prefix, p)) + "\n")));

    private void Publish()
    {
        Publish(LostKey.Published, _partitions);
        foreach (var partition in _partitions)
        {
            Publish($"{partition}.vkey", [partition]);
        }
    }

    private void Publish(string name, IReadOnlyList<LedgerPartition> partitions)
    {
        var (path, lines) = (Path.Combine(_folder, name), Lines(_key, _prefix, partitions));
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(lines))
        {
            DurableFile.Replace(path, lines, Readable);
        }
    }

    private void Settle()
    {
        if (Noted() is not null && Unannounced() is null)
        {
            Announced();
        }

        Publish();
    }

    private KeyRotation? Noted()
    {
        var path = Path.Combine(_folder, Rotation);
        return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), SealerJson.Default.KeyRotation) : null;
    }

    private bool IsStill(byte[] key)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(_folder, Current)).AsSpan().SequenceEqual(key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start settles it.
        }
    }

    private static void Announce(string folder, KeyRotation rotation) =>
        DurableFile.Replace(Path.Combine(folder, Rotation), JsonSerializer.SerializeToUtf8Bytes(rotation, SealerJson.Default.KeyRotation), Readable);

    private void Reload()
    {
        var (before, previous) = (_key, _previous);
        (_key, _previous, _readAt) = Load();
        before.Dispose();
        previous?.Dispose();
    }

    private (SigningKey Key, SigningKey? Previous, DateTime ReadAt) Load()
    {
        var readAt = File.GetLastWriteTimeUtc(Path.Combine(_folder, Current));
        var key = Read(Current) ?? throw new IOException($"there is no '{Path.Combine(_folder, Current)}', and nothing is signed before it is put back.");
        return (key, Read(Previous), readAt);
    }

    private SigningKey? Read(string name)
    {
        var path = Path.Combine(_folder, name);
        return !File.Exists(path) ? null
            : SigningKey.TryImportPem(File.ReadAllText(path), out var key) ? key
            : throw new IOException($"'{path}' holds no Ed25519 or ECDSA P-256 key.");
    }
}
