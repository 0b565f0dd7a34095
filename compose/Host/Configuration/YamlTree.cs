using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace McpLedger.Host.Configuration;

/// <summary>Reads YAML (and so JSON) into <see cref="ConfigNode"/>s, keeping places and refusing what cannot be meant: duplicate keys, several documents, endless nesting.</summary>
internal sealed class YamlTree
{
    private const int MaxDepth = 32;
    private readonly Parser _parser;
    private readonly List<ConfigFault> _faults = [];
    private readonly Dictionary<string, ConfigNode> _anchors = new(StringComparer.Ordinal);

    private YamlTree(string text) => _parser = new(new StringReader(text));

    /// <returns>The root, null when the file is empty or cannot be read; and everything wrong with its form.</returns>
    public static (ConfigNode? Root, IReadOnlyList<ConfigFault> Faults) Read(string text)
    {
        var tree = new YamlTree(text);
        ConfigNode? root = null;
        try
        {
            root = tree.ReadDocument();
        }
        catch (YamlException e)
        {
            tree.Fault("", e.Start, $"this is not YAML: {e.Message}.", "correct the indentation, quotes or brackets here; lists and sections must line up");
        }

        return (root, tree._faults);
    }

    private ConfigNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
        {
            return null;
        }

        _parser.Consume<DocumentStart>();
        var root = ReadNode("", 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Current is DocumentStart second || (_parser.MoveNext() && _parser.Current is DocumentStart))
        {
            Fault("", _parser.Current!.Start, "a second document begins here.", "keep one document per file: remove the line ---");
        }

        return root;
    }

    private ConfigNode ReadNode(string path, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested deeper than {MaxDepth} levels");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return _anchors.TryGetValue(alias.Value.Value, out var known)
                ? known
                : throw new YamlException(alias.Start, alias.End, $"*{alias.Value.Value} refers to an anchor that is not defined before it");
        }

        var node = _parser.Consume<NodeEvent>();
        ConfigNode read = node switch
        {
            Scalar scalar => new ConfigNode.Scalar(LineOf(node), ColumnOf(node), scalar.Value, scalar.Style is not ScalarStyle.Plain),
            SequenceStart => ReadSequence(path, node, depth),
            _ => ReadMapping(path, node, depth),
        };
        if (!node.Anchor.IsEmpty)
        {
            _anchors[node.Anchor.Value] = read;
        }

        return read;
    }

    private ConfigNode.Sequence ReadSequence(string path, NodeEvent start, int depth)
    {
        var items = ImmutableArray.CreateBuilder<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode($"{path}[{items.Count}]", depth + 1));
        }

        return new(LineOf(start), ColumnOf(start), items.ToImmutable());
    }

    private ConfigNode.Mapping ReadMapping(string path, NodeEvent start, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<ConfigEntry>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = _parser.Consume<Scalar>();
            var at = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            if (!seen.TryAdd(key.Value, LineOf(key)))
            {
                Fault(at, key.Start, $"this key stands here a second time (first on line {seen[key.Value]}).", "keep one of the two");
            }

            var value = ReadNode(at, depth + 1);
            entries.Add(new(key.Value, LineOf(key), ColumnOf(key), value));
        }

        return new(LineOf(start), ColumnOf(start), entries.ToImmutable());
    }

    private void Fault(string path, Mark at, string problem, string fix) => _faults.Add(new(path, (int)at.Line, (int)at.Column, problem, fix));

    private static int LineOf(ParsingEvent e) => (int)e.Start.Line;

    private static int ColumnOf(ParsingEvent e) => (int)e.Start.Column;
}
