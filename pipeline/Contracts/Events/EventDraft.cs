using System.Buffers;
using System.Text.Json;

namespace McpLedger.Contracts.Events;

/// <summary>
/// An event written out but for its place in the chain, which only the ledger knows. The ledger puts
/// <c>{"specversion":"1.0","chain":…,"seq":…,"prev":…,</c> before <see cref="Tail"/> and stores the whole: nobody serialises it a second time (I3).
/// </summary>
public sealed class EventDraft : IDisposable
{
    private readonly PooledBuffer _buffer;

    private EventDraft(EventId id, LedgerLog log, string? key, PooledBuffer buffer)
    {
        Id = id;
        Log = log;
        Key = key;
        _buffer = buffer;
    }

    /// <summary>The event's id.</summary>
    public EventId Id { get; }

    /// <summary>The log it belongs to.</summary>
    public LedgerLog Log { get; }

    /// <summary>What decides the partition (the session); null takes the first.</summary>
    public string? Key { get; }

    /// <summary>The event's members from <c>"id"</c> on, with the closing brace.</summary>
    public ReadOnlyMemory<byte> Tail => _buffer.Written[1..];

    /// <summary>Writes <paramref name="data"/> out.</summary>
    /// <param name="id">The event's id.</param>
    /// <param name="source">The writer: <c>/{role}/{instance}/{boot epoch}</c>.</param>
    /// <param name="time">Wall clock.</param>
    /// <param name="subject">What it is about; null for nothing in particular.</param>
    /// <param name="log">The log it goes to.</param>
    /// <param name="key">What decides the partition.</param>
    /// <param name="data">What happened.</param>
    public static EventDraft Write(EventId id, string source, DateTimeOffset time, string? subject, LedgerLog log, string? key, EventData data)
    {
        var buffer = new PooledBuffer(2048);
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartObject();
        writer.WriteString("id"u8, id.Value);
        writer.WriteString("type"u8, EventCatalog.NameOf(data));
        writer.WriteString("source"u8, source);
        writer.WriteString("time"u8, time.UtcDateTime);
        if (subject is not null)
        {
            writer.WriteString("subject"u8, subject);
        }

        writer.WriteString("datacontenttype"u8, "application/json"u8);
        writer.WritePropertyName("data"u8);
        JsonSerializer.Serialize(writer, data, EventCatalog.ShapeOf(data));
        writer.WriteEndObject();
        writer.Flush();
        return new(id, log, key, buffer);
    }

    /// <summary>Gives the buffer back. The draft's bytes must not be read afterwards.</summary>
    public void Dispose() => _buffer.Dispose();

    private sealed class PooledBuffer(int capacity) : IBufferWriter<byte>, IDisposable
    {
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);
        private int _length;

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

        public void Advance(int count) => _length += count;

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Reserve(sizeHint);
            return _bytes.AsMemory(_length);
        }

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            Reserve(sizeHint);
            return _bytes.AsSpan(_length);
        }

        public void Dispose()
        {
            if (_bytes.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = [];
                _length = 0;
            }
        }

        private void Reserve(int sizeHint)
        {
            var free = _bytes.Length - _length;
            if (free >= Math.Max(sizeHint, 1))
            {
                return;
            }

            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + sizeHint));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
    }
}
