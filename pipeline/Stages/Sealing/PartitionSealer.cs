using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>
/// Seals one partition: records in, tiles and a signed checkpoint out. What is durable moves in the order tiles, state, checkpoint: the state is
/// the commit, swapped under the generation, so that a sealer that was replaced signs nothing, and no checkpoint is ahead of the state.
/// </summary>
internal sealed class PartitionSealer
{
    private readonly LedgerPartition _partition;
    private readonly SealFolder _tiles;
    private readonly SealerStateFile _file;
    private readonly SigningKeyStore _keys;
    private readonly TileWriter _tree;
    private readonly ChainVerifier _chains;
    private readonly List<ChainFault> _faults = [];
    private readonly byte[] _entry = new byte[LedgerLeaf.MaxLength];
    private SealerState _state;

    private PartitionSealer(LedgerPartition partition, string prefix, SealFolder tiles, SealerStateFile file, SigningKeyStore keys, SealerState state, TileWriter tree)
    {
        (_partition, _tiles, _file, _keys, _state, _tree) = (partition, tiles, file, keys, state, tree);
        Origin = $"{prefix}/{partition}";
        Next = state.Next;
        _chains = new(state.Chains.Select(static c => c.Head() ?? throw new IOException($"The sealer's state names a chain that is none: {c.Chain}.")));
    }

    /// <summary>Name of the tree.</summary>
    public string Origin { get; }

    /// <summary>Offset of the next record to take.</summary>
    public long Next { get; private set; }

    /// <summary>Leaves taken since the last commit.</summary>
    public long Pending => _tree.Size - _state.Size;

    /// <summary>Leaves committed.</summary>
    public long Sealed => _state.Size;

    public long Generation => _state.Generation;

    /// <summary>Faults that the control log is still to be told, and where to look whether it was.</summary>
    public (IReadOnlyList<FoundFault> Faults, long From) Unreported => (_state.Unreported, _state.ReportedFrom);

    /// <summary>Takes over a partition under a new generation.</summary>
    /// <returns>Null, with the reason, when it cannot be sealed: another sealer is at it, or its tiles are not the tree that was signed.</returns>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static PartitionSealer? Open(
        LedgerPartition partition, string prefix, SealFolder tiles, SealFolder states, SigningKeyStore keys, out string? refusal)
    {
        var file = new SealerStateFile(states, partition);
        var found = file.Read();
        var log = new TileFolder(tiles.Root, partition);
        var tree = TileWriter.Resume(found.Size, log.Read, out var missing);
        if (tree is null || tree.Root.ToString() != found.Root)
        {
            refusal = tree is null
                ? $"tile {missing.Path} of {partition} is missing or too short for {found.Size} leaves"
                : $"the tiles of {partition} give root {tree.Root} for {found.Size} leaves; {found.Root} was sealed";
            return null;
        }

        var claimed = found with { Generation = found.Generation + 1 };
        if (!file.TrySwap(found, claimed))
        {
            refusal = $"another sealer has taken over {partition}";
            return null;
        }

        refusal = null;
        return new(partition, prefix, tiles, file, keys, claimed, tree);
    }

    /// <summary>Takes records in order, none left out.</summary>
    public void Accept(IReadOnlyList<LedgerRecord> records)
    {
        foreach (var record in records)
        {
            var leaf = LedgerLeaf.Of(_partition, record.Offset, record.Bytes.Span, out var prev);
            _chains.Feed(leaf, prev, _faults);
            _tree.Append(_entry.AsSpan(0, leaf.Format(_entry)));
            Next = record.Offset + 1;
        }
    }

    /// <summary>Goes on behind offsets that hold no records.</summary>
    public void Pass(long next) => Next = Math.Max(Next, next);

    /// <summary>Notes damage after the last record taken, once.</summary>
    public void Damaged(string what)
    {
        if (_state.DamageAt != Next && _faults.All(f => f.Offset != Next))
        {
            _faults.Add(new(ChainFaultKind.Unreadable, Next, null, what));
        }
    }

    /// <summary>Calls missing what has not come: the log is quiet.</summary>
    public void Settle() => _chains.Settle(_faults);

    /// <summary>Whether there are faults that no commit has taken up.</summary>
    public bool HasNews => Pending > 0 || _faults.Count > 0;

    /// <summary>Makes what was taken durable and signs it.</summary>
    /// <param name="controlEnd">End of the control log now.</param>
    /// <returns>The checkpoint; null when another sealer has taken over and this one must stop.</returns>
    /// <exception cref="IOException">The disk refuses; open anew from what is durable.</exception>
    public Checkpoint? Commit(long controlEnd)
    {
        if (HasNews || Next != _state.Next)
        {
            var size = _state.Size;
            _tiles.WriteAll([.. _tree.Take().Select(t => ($"{_partition}/{t.Tile.Path}", t.Bytes))]);
            var damage = _faults.Find(f => f.Kind == ChainFaultKind.Unreadable && f.Offset == Next);
            var next = _state with
            {
                Size = _tree.Size,
                Root = _tree.Root.ToString(),
                Next = Next,
                Chains = [.. _chains.Heads.Select(SealedChain.Of)],
                Unreported = [.. _state.Unreported, .. _faults.Select(static f => new FoundFault(f.Offset, f.Name, f.Event is { } id ? $"event {id}: {f.Detail}" : f.Detail))],
                ReportedFrom = _state.Unreported.Count > 0 ? _state.ReportedFrom : controlEnd,
                DamageAt = damage is null ? _state.DamageAt : damage.Offset,
            };
            if (!_file.TrySwap(_state, next))
            {
                return null;
            }

            _state = next;
            _faults.Clear();
            DropPartials(size);
        }

        var checkpoint = new Checkpoint(Origin, _state.Size, _tree.Root);
        return _file.TryHold(_state, () => Sign(checkpoint)) ? checkpoint : null;
    }

    /// <summary>The control log knows of all faults that were unreported.</summary>
    /// <returns>False when another sealer has taken over.</returns>
    public bool TryReported()
    {
        var next = _state with { Unreported = [] };
        if (!_file.TrySwap(_state, next))
        {
            return false;
        }

        _state = next;
        return true;
    }

    /// <summary>Whether the checkpoint on disk is the state's and signed by the present key.</summary>
    public bool IsSigned => Last() is { } note && Checkpoint.TryParse(note.Text, out var last) && last!.Size == _state.Size && _keys.HasSigned(Origin, note);

    private void Sign(Checkpoint checkpoint)
    {
        var last = Last();
        if (last is not null && Checkpoint.TryParse(last.Text, out var before) && before!.Size > checkpoint.Size)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"The checkpoint of {_partition} covers {before.Size} leaves, the state only {checkpoint.Size}: the state is older than what was signed."));
        }

        _tiles.Replace($"{_partition}/checkpoint", _keys.Sign(checkpoint, last));
    }

    private SignedNote? Last() => _tiles.Read($"{_partition}/checkpoint") is { } bytes && SignedNote.TryParse(bytes.Span, out var note) ? note : null;

    /// <summary>Partial tiles whose full ones are there now are no longer needed (C2SP tlog-tiles, "Partial Tiles"); of the rest only the last few sizes are kept.</summary>
    private void DropPartials(long before)
    {
        if (before >> Tile.Height == _state.Size >> Tile.Height)
        {
            return;
        }

        foreach (var (level, width) in Enumerable.Range(Tile.Entries, 9).Select(l => (l, before >> (Math.Max(l, 0) * Tile.Height))))
        {
            var full = new Tile(level, width >> Tile.Height, Tile.FullWidth);
            if (width % Tile.FullWidth != 0 && _state.Size >> ((Math.Max(level, 0) + 1) * Tile.Height) > full.Index)
            {
                _tiles.DeleteFolder($"{_partition}/{full.Path}.p");
            }
        }
    }
}
