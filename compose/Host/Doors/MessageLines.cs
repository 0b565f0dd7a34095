using System.Diagnostics.CodeAnalysis;

namespace McpLedger.Host.Doors;

/// <summary>One message a line, whole, whoever writes at the same time. Line breaks between tokens carry no meaning in JSON and become spaces.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A semaphore without a handle; it lives as long as the process.")]
internal sealed class MessageLines(Stream output)
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task WriteAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var line = new byte[json.Length + 1];
        json.Span.CopyTo(line);
        line.AsSpan().Replace((byte)'\n', (byte)' ');
        line.AsSpan().Replace((byte)'\r', (byte)' ');
        line[^1] = (byte)'\n';
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await output.WriteAsync(line, cancellationToken);
            await output.FlushAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }
}
