namespace McpLedger.Projections.Search.Elastic;

/// <summary>Sends documents in bounded requests, and those of them again that the engine has no room for at the moment.</summary>
internal sealed class BulkWriter(ElasticClient client, ElasticOptions options)
{
    /// <summary>Indexes the items, all of them, in order.</summary>
    /// <exception cref="ElasticException">Some could not be indexed for now; others may have been.</exception>
    public async ValueTask<BulkOutcome> WriteAsync(IReadOnlyList<BulkItem> items, CancellationToken cancellationToken)
    {
        var outcome = new BulkOutcome();
        for (var from = 0; from < items.Count;)
        {
            var to = from + 1;
            for (var bytes = items[from].Lines.Length; to < items.Count && bytes + items[to].Lines.Length <= options.MaxRequestBytes; to++)
            {
                bytes += items[to].Lines.Length;
            }

            await WriteSomeAsync([.. items.Skip(from).Take(to - from)], outcome, cancellationToken).ConfigureAwait(false);
            from = to;
        }

        return outcome;
    }

    private async ValueTask WriteSomeAsync(List<BulkItem> items, BulkOutcome outcome, CancellationToken cancellationToken)
    {
        for (var tries = 0; items.Count > 0; tries++)
        {
            var answer = await client.SendAsync(HttpMethod.Post, BulkAnswer.Path, Joined(items), ElasticClient.Lines, cancellationToken).ConfigureAwait(false);
            if (answer.Status == 413)
            {
                await HalveAsync(items, answer, outcome, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (!answer.Succeeded)
            {
                throw new ElasticException($"The search engine takes no bulk request: {answer.Reason()}");
            }

            (items, var why) = BulkAnswer.Sort(answer, items, outcome);
            if (items.Count > 0 && tries == options.Retries)
            {
                throw new ElasticException($"The search engine took {items.Count} documents not: {why}");
            }

            if (items.Count > 0)
            {
                await client.DelayAsync(tries, null, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // What stands before the engine takes less at once than we were told.
    private async ValueTask HalveAsync(List<BulkItem> items, ElasticAnswer answer, BulkOutcome outcome, CancellationToken cancellationToken)
    {
        if (items.Count == 1)
        {
            outcome.Refused[items[0].Offset] = $"413: {items[0].Lines.Length} bytes are too many for the search engine, or for what stands before it: {answer.Reason()}";
            return;
        }

        var half = items.Count / 2;
        await WriteSomeAsync(items[..half], outcome, cancellationToken).ConfigureAwait(false);
        await WriteSomeAsync(items[half..], outcome, cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Joined(List<BulkItem> items)
    {
        var body = new byte[items.Sum(i => i.Lines.Length)];
        var at = 0;
        foreach (var item in items)
        {
            item.Lines.CopyTo(body.AsMemory(at));
            at += item.Lines.Length;
        }

        return body;
    }
}
