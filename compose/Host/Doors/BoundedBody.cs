namespace McpLedger.Host.Doors;

/// <summary>Reads a body that somebody else sends, up to a bound.</summary>
internal static class BoundedBody
{
    /// <returns>Nothing when it is longer.</returns>
    public static async Task<byte[]> ReadAsync(HttpContent content, int longest, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var chunk = new byte[16 * 1024];
        for (int count; (count = await stream.ReadAsync(chunk, cancellationToken)) > 0 && body.Length <= longest;)
        {
            await body.WriteAsync(chunk.AsMemory(0, count), cancellationToken);
        }

        return body.Length <= longest ? body.ToArray() : [];
    }
}
