namespace McpLedger.Detectors.Behaviour;

/// <summary>Things by name, of which so many are kept: the one that was longest not asked for goes first.</summary>
internal sealed class Recent<T>(int most, Func<T> create)
{
    private readonly Dictionary<string, LinkedListNode<(string Key, T Value)>> _nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, T Value)> _order = new();

    public int Count => _nodes.Count;

    public T Of(string key)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            _order.Remove(node);
            _order.AddFirst(node);
            return node.Value.Value;
        }

        if (_nodes.Count >= most)
        {
            _nodes.Remove(_order.Last!.Value.Key);
            _order.RemoveLast();
        }

        return Put(key, create());
    }

    public T Put(string key, T value)
    {
        if (_nodes.Remove(key, out var node))
        {
            _order.Remove(node);
        }

        _nodes[key] = _order.AddFirst((key, value));
        return value;
    }
}
