using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace McpLedger.Host.Tests.Compose;

/// <summary>A YAML value that tests walk through; what is not there is null all the way down.</summary>
internal readonly record struct Yaml(object? Value)
{
    public static Yaml Read(string path) => ReadAll(path)[0];

    public static IReadOnlyList<Yaml> ReadAll(string path)
    {
        var parser = new MergingParser(new Parser(new StringReader(File.ReadAllText(path))));
        var reader = new DeserializerBuilder().Build();
        var documents = new List<Yaml>();
        parser.Consume<StreamStart>();
        while (!parser.TryConsume<StreamEnd>(out _))
        {
            documents.Add(new(reader.Deserialize<object?>(parser)));
        }

        return documents;
    }

    public Yaml this[string key] => new(Value is Dictionary<object, object> map ? map.GetValueOrDefault(key) : null);

    public IEnumerable<(string Key, Yaml Value)> Entries => Value is Dictionary<object, object> map ? map.Select(e => ((string)e.Key, new Yaml(e.Value))) : [];

    public IEnumerable<Yaml> Items => Value is List<object> list ? list.Select(i => new Yaml(i)) : [];

    public IEnumerable<string> Texts => Items.Select(i => i.Text!);

    public IEnumerable<string> Keys => Entries.Select(e => e.Key);

    public string? Text => Value as string;

    public bool Exists => Value is not null;

    /// <summary>Every mapping in it, itself included.</summary>
    public IEnumerable<Yaml> Everything()
    {
        var self = this;
        return Entries.Select(e => e.Value).Concat(Items).SelectMany(v => v.Everything()).Prepend(self);
    }

    /// <summary>A duration such as <c>45s</c> in seconds.</summary>
    public int Seconds => int.Parse(Text!.TrimEnd('s'), CultureInfo.InvariantCulture);
}
