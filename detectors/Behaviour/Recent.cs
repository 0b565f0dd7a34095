namespace McpLedger.Detectors.Behaviour;

/// <summary>
/// Things by name, of which so many are kept. One more takes the place of what was longest not asked for among those of whoever holds most, so that nobody crowds others out by making names up.
/// A step costs the same however many are kept.
/// </summary>
internal sealed class Recent<T>(int most, Func<T> create)
{
    private readonly Dictionary<string, Item> _items = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Holder> _holders = new(StringComparer.Ordinal);

    // Holders by how many things they hold; in each list the one that is longest silent comes first.
    private readonly Dictionary<int, LinkedList<Holder>> _byCount = [];
    private int _largest;

    public int Count => _items.Count;

    /// <summary>What is kept under a name, without asking for it; nothing where there is none.</summary>
    public T? Find(string key) => _items.TryGetValue(key, out var item) ? item.Value : default;

    /// <summary>What is kept under a name; made where there is none, as one of <paramref name="owner"/>'s.</summary>
    public T Of(string owner, string key)
    {
        if (!_items.TryGetValue(key, out var item))
        {
            return Put(owner, key, create());
        }

        item.Holder.Items.Remove(item.Node);
        item.Holder.Items.AddLast(item.Node);
        Move(item.Holder, item.Holder.Items.Count);
        return item.Value;
    }

    /// <summary>Keeps another thing under a name; whose it was it stays.</summary>
    public T Put(string owner, string key, T value)
    {
        if (_items.TryGetValue(key, out var known))
        {
            known.Value = value;
            return Of(owner, key);
        }

        if (_items.Count >= most)
        {
            Forget(owner);
        }

        if (!_holders.TryGetValue(owner, out var holder))
        {
            _holders[owner] = holder = new(owner);
        }

        var item = new Item(key, holder, value);
        _items[key] = item;
        holder.Items.AddLast(item.Node);
        Move(holder, holder.Items.Count - 1);
        return value;
    }

    private void Forget(string owner)
    {
        var holder = _holders.TryGetValue(owner, out var own) && own.Items.Count == _largest ? own : _byCount[_largest].First!.Value;
        _items.Remove(holder.Items.First!.Value.Key);
        holder.Items.RemoveFirst();
        Move(holder, holder.Items.Count + 1);
    }

    // A holder's count changes by one at most, and so does the largest.
    private void Move(Holder holder, int before)
    {
        if (before > 0)
        {
            var left = _byCount[before];
            left.Remove(holder.Node);
            if (left.Count == 0)
            {
                _byCount.Remove(before);
                _largest = before == _largest ? before - 1 : _largest;
            }
        }

        var count = holder.Items.Count;
        if (count == 0)
        {
            _holders.Remove(holder.Name);
            return;
        }

        if (!_byCount.TryGetValue(count, out var list))
        {
            _byCount[count] = list = new();
        }

        list.AddLast(holder.Node);
        _largest = Math.Max(_largest, count);
    }

    private sealed class Holder
    {
        public Holder(string name) => (Name, Node) = (name, new(this));

        public string Name { get; }

        /// <summary>What it holds, what was longest not asked for first.</summary>
        public LinkedList<Item> Items { get; } = new();

        public LinkedListNode<Holder> Node { get; }
    }

    private sealed class Item
    {
        public Item(string key, Holder holder, T value) => (Key, Holder, Value, Node) = (key, holder, value, new(this));

        public string Key { get; }

        public Holder Holder { get; }

        public T Value { get; set; }

        public LinkedListNode<Item> Node { get; }
    }
}
