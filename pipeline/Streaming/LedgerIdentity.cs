using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming;

/// <summary>Which ledger this is and which boot of which instance writes to it.</summary>
/// <param name="Ledger">Id of the ledger, made once.</param>
/// <param name="Instance">Name of the writer instance.</param>
/// <param name="Epoch">Boot counter: grows by one each time the ledger is opened to write; 0 while it could not be opened yet.</param>
/// <param name="Origin">What the origins of its trees begin with: <c>{host}/mcpledger/{8 hex digits}</c>; a partition's is that and <c>/{partition}</c>.</param>
public sealed record LedgerIdentity(EventId Ledger, string Instance, long Epoch, string Origin)
{
    private const string FileName = "identity.json";
    private const string EpochName = "epoch";
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    /// <summary>Id of the topic that holds the calls, where the ledger is kept in Kafka and it was seen.</summary>
    public EventId? Calls { get; init; }

    /// <summary>The source that this boot's events of a role carry: <c>/{role}/{instance}/{boot epoch}</c>.</summary>
    public string SourceOf(string role) => string.Create(CultureInfo.InvariantCulture, $"/{role}/{Instance}/{Epoch}");

    /// <summary>Id of this boot's chain in a partition: <c>{instance}/{boot epoch}/{partition}</c>.</summary>
    public string ChainOf(LedgerPartition partition) => string.Create(CultureInfo.InvariantCulture, $"{Instance}/{Epoch}/{partition}");

    /// <summary>Whether a chain is one of an instance, of whichever boot.</summary>
    internal static bool IsChainOf(string chain, string instance) => chain.Length > instance.Length && chain[instance.Length] == '/' && chain.StartsWith(instance, StringComparison.Ordinal);

    /// <summary>Reads the identity that a data folder holds, with the epoch of its last boot.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public static LedgerIdentity? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var json = new Utf8JsonReader(File.ReadAllBytes(path));
            EventId? ledger = null, calls = null;
            string? instance = null, origin = null;
            while (json.Read())
            {
                if (json.TokenType == JsonTokenType.PropertyName)
                {
                    var name = json.GetString();
                    json.Read();
                    switch (name)
                    {
                        case "ledger": ledger = EventId.TryParse(json.GetString(), out var id) ? id : null; break;
                        case "instance": instance = json.GetString(); break;
                        case "calls": calls = EventId.TryParse(json.GetString(), out var topic) ? topic : null; break;
                        case "origin": origin = json.GetString(); break;
                        default: json.Skip(); break;
                    }
                }
            }

            return ledger is null || instance is null || origin is null
                ? throw new IOException($"'{path}' lacks ledger, instance or origin.")
                : new(ledger.Value, instance, ReadEpoch(folder), origin) { Calls = calls };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new IOException($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Begins a boot: makes the identity where there is none, and counts the epoch up, durably.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="name">Name of the instance; null keeps the one that is there, or makes one.</param>
    /// <param name="landed">The last boot of the instance that the ledger itself knows of; 0 for none. The folder may know less than that.</param>
    /// <param name="made">Makes id and origin of a ledger that this folder does not know yet.</param>
    internal static LedgerIdentity Boot(string folder, string? name, long landed, Func<(EventId Ledger, string Origin)> made)
    {
        var identity = Read(folder) ?? Make(folder, name, made());
        if (name is not null && name != identity.Instance)
        {
            identity = identity with { Instance = name };
            Store(folder, identity);
        }

        identity = identity with { Epoch = Math.Max(identity.Epoch, landed) + 1 };
        DurableFile.Replace(Path.Combine(folder, EpochName), System.Text.Encoding.ASCII.GetBytes(identity.Epoch.ToString(CultureInfo.InvariantCulture) + "\n"), Mode);
        return identity;
    }

    /// <summary>Keeps which topic holds the calls, durably.</summary>
    internal static LedgerIdentity Keep(string folder, LedgerIdentity identity, EventId calls)
    {
        identity = identity with { Calls = calls };
        Store(folder, identity);
        return identity;
    }

    /// <summary>Whether <paramref name="name"/> can name an instance.</summary>
    internal static bool IsName(string name) => name.Length is > 0 and <= 64 && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    private static LedgerIdentity Make(string folder, string? name, (EventId Ledger, string Origin) made)
    {
        var identity = new LedgerIdentity(made.Ledger, name ?? "i-" + RandomNumberGenerator.GetHexString(8, lowercase: true), ReadEpoch(folder), made.Origin);
        Store(folder, identity);
        return identity;
    }

    private static void Store(string folder, LedgerIdentity identity)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("ledger", identity.Ledger.ToString());
        json.WriteString("instance", identity.Instance);
        json.WriteString("origin", identity.Origin);
        if (identity.Calls is { } calls)
        {
            json.WriteString("calls", calls.ToString());
        }

        json.WriteEndObject();
        json.Flush();
        DurableFile.Replace(Path.Combine(folder, FileName), bytes.WrittenSpan, Mode);
    }

    private static long ReadEpoch(string folder)
    {
        var path = Path.Combine(folder, EpochName);
        return !File.Exists(path) ? 0
            : long.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch
            : throw new IOException($"'{path}' holds no number.");
    }
}
