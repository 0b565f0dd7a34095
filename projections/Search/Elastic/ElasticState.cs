using System.Globalization;
using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>
/// What the index knows of itself, in the engine: the generation in force and, for each, how far every partition is indexed. A position is written after the documents before it,
/// so a crash between the two only brings documents that are there already.
/// </summary>
internal sealed class ElasticState(ElasticClient client, ElasticNames names, ElasticOptions options, TimeProvider time)
{
    private const string Current = "current";

    public ElasticNames Names => names;

    /// <summary>Makes what is not there yet: state, template, alias; and answers with the generation in force.</summary>
    public async ValueTask<ElasticGeneration> EnsureAsync(CancellationToken cancellationToken)
    {
        var made = await client.PutAsync(names.State, ElasticMapping.State(options), cancellationToken).ConfigureAwait(false);
        if (!made.Succeeded && made.Kind() != "resource_already_exists_exception")
        {
            throw Refused("make its state index", made);
        }

        var generation = await FindAsync(cancellationToken).ConfigureAwait(false) ?? await BeginAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            await PutTemplateAsync(generation.Number, inForce: true, cancellationToken).ConfigureAwait(false);
            await AliasAsync(generation.Number, cancellationToken).ConfigureAwait(false);
            if (await FindAsync(cancellationToken).ConfigureAwait(false) is not { } now || now == generation)
            {
                return generation;
            }

            // A rebuilding of the index ended meanwhile; what was just made is of the generation before.
            await DropTemplateAsync(generation.Number, cancellationToken).ConfigureAwait(false);
            generation = now;
        }
    }

    /// <summary>The generation in force; null when there is no state.</summary>
    public async ValueTask<ElasticGeneration?> FindAsync(CancellationToken cancellationToken) => (await ReadAsync(cancellationToken).ConfigureAwait(false))?.Generation;

    /// <summary>The generation in force, and what it takes to replace it and nothing newer.</summary>
    public async ValueTask<(ElasticGeneration Generation, long Seq, long Term)?> ReadAsync(CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"{names.State}/_doc/{Current}", cancellationToken).ConfigureAwait(false);
        if (answer.Status == 404)
        {
            return null;
        }

        if (!answer.Succeeded)
        {
            throw Refused("read its state", answer);
        }

        using var document = answer.Read();
        var root = document.RootElement;
        var source = root.GetProperty("_source");
        return (
            new(
                source.GetProperty("generation").GetInt32(),
                source.GetProperty("span").GetString() == "month" ? ElasticSpan.Month : ElasticSpan.Day,
                source.GetProperty("incarnation").GetString()!,
                source.GetProperty("mapping").GetInt32()),
            root.GetProperty("_seq_no").GetInt64(),
            root.GetProperty("_primary_term").GetInt64());
    }

    /// <summary>Puts another generation in force.</summary>
    /// <returns>False when it is not the one that was read any more.</returns>
    public async ValueTask<bool> ReplaceAsync(ElasticGeneration next, long seq, long term, CancellationToken cancellationToken)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{names.State}/_doc/{Current}?if_seq_no={seq}&if_primary_term={term}");
        var answer = await client.PutAsync(path, Write(next), cancellationToken).ConfigureAwait(false);

        // A try whose answer was lost took effect; the second one meets it.
        return answer.Succeeded || (answer.Status == 409 ? await FindAsync(cancellationToken).ConfigureAwait(false) == next : throw Refused("write its state", answer));
    }

    /// <summary>A generation behind all there are.</summary>
    public async ValueTask<ElasticGeneration> NextAsync(CancellationToken cancellationToken)
    {
        var last = (await ReadAsync(cancellationToken).ConfigureAwait(false))?.Generation.Number ?? 0;
        foreach (var (_, generation, _) in await IndicesAsync(cancellationToken).ConfigureAwait(false))
        {
            last = Math.Max(last, generation);
        }

        return new(last + 1, options.Span, EventId.New(time).ToString(), ElasticMapping.Version);
    }

    /// <summary>Offset to go on with; 0 for a partition of which nothing is indexed.</summary>
    public async ValueTask<long> PositionAsync(ElasticGeneration generation, LedgerPartition partition, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"{names.State}/_doc/{KeyOf(generation.Number, partition)}", cancellationToken).ConfigureAwait(false);
        if (answer.Status == 404)
        {
            return 0;
        }

        if (!answer.Succeeded)
        {
            throw Refused("read a position", answer);
        }

        // A position of what was deleted says nothing about what came after it.
        using var document = answer.Read();
        var source = document.RootElement.GetProperty("_source");
        return source.GetProperty("incarnation").GetString() == generation.Incarnation ? source.GetProperty("next").GetInt64() : 0;
    }

    public async ValueTask KeepAsync(ElasticGeneration generation, LedgerPartition partition, long next, CancellationToken cancellationToken)
    {
        var body = ElasticJson.Object(json =>
        {
            json.WriteNumber("next", next);
            json.WriteString("incarnation", generation.Incarnation);
            json.WriteString("at", time.GetUtcNow());
        });
        var answer = await client.PutAsync($"{names.State}/_doc/{KeyOf(generation.Number, partition)}", body, cancellationToken).ConfigureAwait(false);
        if (!answer.Succeeded)
        {
            throw Refused("keep a position", answer);
        }
    }

    public async ValueTask PutTemplateAsync(int generation, bool inForce, CancellationToken cancellationToken)
    {
        var answer = await client.PutAsync($"_index_template/{names.TemplateOf(generation)}", ElasticMapping.Template(names, generation, inForce, options), cancellationToken).ConfigureAwait(false);
        if (!answer.Succeeded)
        {
            throw Refused("take the index template", answer);
        }
    }

    /// <summary>Makes the alias name the indices of a generation and no others, at once.</summary>
    public async ValueTask AliasAsync(int generation, CancellationToken cancellationToken)
    {
        var indices = await IndicesAsync(cancellationToken).ConfigureAwait(false);
        var aliased = await AliasedAsync(cancellationToken).ConfigureAwait(false);
        var add = indices.Where(i => i.Generation == generation && !aliased.Contains(i.Name)).Select(i => i.Name).ToArray();
        var remove = aliased.Where(n => !names.TryRead(n, out var other, out _) || other != generation).ToArray();
        if (add.Length + remove.Length == 0)
        {
            return;
        }

        var body = ElasticJson.Object(json => json.Array("actions", () =>
        {
            foreach (var (action, index) in add.Select(n => ("add", n)).Concat(remove.Select(n => ("remove", n))))
            {
                json.WriteStartObject();
                json.Object(action, () =>
                {
                    json.WriteString("index", index);
                    json.WriteString("alias", names.Alias);
                });
                json.WriteEndObject();
            }
        }));
        var answer = await client.PostAsync("_aliases", body, cancellationToken).ConfigureAwait(false);
        if (!answer.Succeeded)
        {
            throw Refused("switch the alias", answer);
        }
    }

    /// <summary>Every index of every generation.</summary>
    public async ValueTask<IReadOnlyList<(string Name, int Generation, DateTimeOffset End)>> IndicesAsync(CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"_cat/indices/{names.AllPattern}?format=json&h=index&expand_wildcards=all", cancellationToken).ConfigureAwait(false);
        if (answer.Status == 404)
        {
            return [];
        }

        if (!answer.Succeeded)
        {
            throw Refused("list indices", answer);
        }

        using var document = answer.Read();
        var found = new List<(string, int, DateTimeOffset)>();
        foreach (var line in document.RootElement.EnumerateArray())
        {
            var name = line.GetProperty("index").GetString()!;
            if (names.TryRead(name, out var generation, out var end))
            {
                found.Add((name, generation, end));
            }
        }

        return found;
    }

    /// <summary>Deletes indices, by their names.</summary>
    public async ValueTask DeleteAsync(IEnumerable<string> indices, CancellationToken cancellationToken)
    {
        // A name is some 30 characters; engines take 4,096 of a request's line.
        foreach (var some in indices.Chunk(50))
        {
            var answer = await client.SendAsync(HttpMethod.Delete, $"{string.Join(',', some)}?ignore_unavailable=true", default, ElasticClient.Json, cancellationToken).ConfigureAwait(false);
            if (!answer.Succeeded && answer.Status != 404)
            {
                throw Refused("delete indices", answer);
            }
        }
    }

    /// <summary>Forgets the template and the positions of a generation whose indices are gone.</summary>
    public async ValueTask ForgetAsync(int generation, IEnumerable<LedgerPartition> partitions, CancellationToken cancellationToken)
    {
        await DropTemplateAsync(generation, cancellationToken).ConfigureAwait(false);
        foreach (var partition in partitions)
        {
            await client.SendAsync(HttpMethod.Delete, $"{names.State}/_doc/{KeyOf(generation, partition)}", default, ElasticClient.Json, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>From here on no index of that generation comes into being with our mapping, or under the alias.</summary>
    public async ValueTask DropTemplateAsync(int generation, CancellationToken cancellationToken) =>
        await client.SendAsync(HttpMethod.Delete, $"_index_template/{names.TemplateOf(generation)}", default, ElasticClient.Json, cancellationToken).ConfigureAwait(false);

    private async ValueTask<ElasticGeneration> BeginAsync(CancellationToken cancellationToken)
    {
        // Where only the state was lost, its indices' generation goes on: their documents are met, not made again.
        var indices = await IndicesAsync(cancellationToken).ConfigureAwait(false);
        var last = indices.OrderBy(i => i.Generation).LastOrDefault();
        var generation = new ElasticGeneration(
            Math.Max(1, last.Generation), last.Name is null ? options.Span : ElasticNames.SpanOf(last.Name), EventId.New(time).ToString(), ElasticMapping.Version);
        var answer = await client.PutAsync($"{names.State}/_create/{Current}", Write(generation), cancellationToken).ConfigureAwait(false);
        return answer.Succeeded ? generation
            : answer.Status == 409 ? await FindAsync(cancellationToken).ConfigureAwait(false) ?? throw Refused("read its state", answer)
            : throw Refused("write its state", answer);
    }

    private async ValueTask<HashSet<string>> AliasedAsync(CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"_alias/{names.Alias}", cancellationToken).ConfigureAwait(false);
        if (answer.Status == 404)
        {
            return [];
        }

        if (!answer.Succeeded)
        {
            throw Refused("read the alias", answer);
        }

        using var document = answer.Read();
        return [.. document.RootElement.EnumerateObject().Select(p => p.Name)];
    }

    private static ReadOnlyMemory<byte> Write(ElasticGeneration generation) => ElasticJson.Object(json =>
    {
        json.WriteNumber("generation", generation.Number);
        json.WriteString("span", generation.Span == ElasticSpan.Month ? "month" : "day");
        json.WriteString("incarnation", generation.Incarnation);
        json.WriteNumber("mapping", generation.Mapping);
    });

    private static string KeyOf(int generation, LedgerPartition partition) => string.Create(CultureInfo.InvariantCulture, $"position-{generation}-{partition}");

    private static ElasticException Refused(string what, ElasticAnswer answer) => new($"The search engine does not {what}: {answer.Reason()}");
}
