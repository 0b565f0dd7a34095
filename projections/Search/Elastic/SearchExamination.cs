namespace McpLedger.Projections.Search.Elastic;

/// <summary>A look at one node that changes nothing, for whoever wants to know before a role starts.</summary>
public static class SearchExamination
{
    /// <summary>Asks a node whether it has the template of our indices.</summary>
    /// <param name="options">The engine's.</param>
    /// <param name="node">One of its nodes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether it has; a projections role makes it at its start.</returns>
    /// <exception cref="IOException">It does not answer, or not to us.</exception>
    public static async Task<bool> HasTemplateAsync(ElasticOptions options, Uri node, CancellationToken cancellationToken)
    {
        using var client = new ElasticClient(options with { Nodes = [node], Retries = 0 }, TimeProvider.System);
        return (await client.GetAsync($"_index_template/{options.Prefix}-g*", cancellationToken)).Succeeded;
    }
}
