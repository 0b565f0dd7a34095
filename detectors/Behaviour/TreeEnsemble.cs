using System.Buffers.Binary;

namespace McpLedger.Detectors.Behaviour;

/// <summary>
/// Gradient-boosted trees as LightGBM grew them, read without it: <c>MLTE0001</c>, slope and offset of the probability, number of features, number of trees; for each its number of nodes, then feature, threshold, left and
/// right of each, then its leaves. A child below zero is the leaf of its complement.
/// </summary>
internal sealed class TreeEnsemble
{
    private const int Most = 100_000;
    private static readonly byte[] Magic = "MLTE0001"u8.ToArray();
    private readonly Tree[] _trees;

    public TreeEnsemble(IReadOnlyList<Tree> trees, int features, double slope, double offset)
    {
        _trees = [.. trees];
        (Features, Slope, Offset) = (features, slope, offset);
        foreach (var tree in _trees)
        {
            tree.Check(features);
        }
    }

    /// <summary>Numbers in the vector.</summary>
    public int Features { get; }

    public double Slope { get; }

    public double Offset { get; }

    /// <summary>The sum of the trees' leaves.</summary>
    public double Score(ReadOnlySpan<float> vector)
    {
        var sum = 0d;
        foreach (var tree in _trees)
        {
            sum += tree.Leaf(vector);
        }

        return sum;
    }

    /// <summary>The score as a calibrated probability.</summary>
    public double Probability(ReadOnlySpan<float> vector) => 1 / (1 + Math.Exp((Slope * Score(vector)) + Offset));

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    public static TreeEnsemble Read(Stream stream)
    {
        Span<byte> head = new byte[32];
        stream.ReadExactly(head);
        if (!head.StartsWith(Magic))
        {
            throw new InvalidDataException("These are no trees: the file begins with MLTE0001.");
        }

        var (features, count) = (Number(head[24..]), Number(head[28..]));
        var trees = new Tree[count];
        Span<byte> length = stackalloc byte[4];
        Span<byte> node = stackalloc byte[16];
        Span<byte> leaf = stackalloc byte[8];
        for (var i = 0; i < count; i++)
        {
            stream.ReadExactly(length);
            var nodes = new Node[Number(length)];
            for (var n = 0; n < nodes.Length; n++)
            {
                stream.ReadExactly(node);
                nodes[n] = new(
                    BinaryPrimitives.ReadInt32LittleEndian(node), BinaryPrimitives.ReadSingleLittleEndian(node[4..]), BinaryPrimitives.ReadInt32LittleEndian(node[8..]), BinaryPrimitives.ReadInt32LittleEndian(node[12..]));
            }

            var leaves = new double[nodes.Length + 1];
            for (var n = 0; n < leaves.Length; n++)
            {
                stream.ReadExactly(leaf);
                leaves[n] = BinaryPrimitives.ReadDoubleLittleEndian(leaf);
            }

            trees[i] = new(nodes, leaves);
        }

        return new(trees, features, BinaryPrimitives.ReadDoubleLittleEndian(head[8..]), BinaryPrimitives.ReadDoubleLittleEndian(head[16..]));
    }

    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(Slope);
        writer.Write(Offset);
        writer.Write(Features);
        writer.Write(_trees.Length);
        foreach (var tree in _trees)
        {
            tree.Write(writer);
        }
    }

    private static int Number(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadInt32LittleEndian(bytes) is >= 0 and <= Most and var number ? number : throw new InvalidDataException($"A count in a file of trees is not between 0 and {Most}.");

    /// <summary>A question and where its answers lead.</summary>
    internal readonly record struct Node(int Feature, float Threshold, int Left, int Right);

    /// <summary>One tree; with no node it is one leaf.</summary>
    internal sealed class Tree(Node[] nodes, double[] leaves)
    {
        public double Leaf(ReadOnlySpan<float> vector)
        {
            var at = nodes.Length == 0 ? -1 : 0;
            while (at >= 0)
            {
                ref readonly var node = ref nodes[at];
                at = vector[node.Feature] <= node.Threshold ? node.Left : node.Right;
            }

            return leaves[~at];
        }

        /// <exception cref="InvalidDataException">A child leads back, or to nowhere.</exception>
        public void Check(int features)
        {
            for (var i = 0; i < nodes.Length; i++)
            {
                var (feature, _, left, right) = nodes[i];
                if ((uint)feature >= (uint)features || !Leads(i, left) || !Leads(i, right))
                {
                    throw new InvalidDataException($"Node {i} of a tree leads nowhere.");
                }
            }
        }

        public void Write(BinaryWriter writer)
        {
            writer.Write(nodes.Length);
            foreach (var (feature, threshold, left, right) in nodes)
            {
                writer.Write(feature);
                writer.Write(threshold);
                writer.Write(left);
                writer.Write(right);
            }

            foreach (var leaf in leaves)
            {
                writer.Write(leaf);
            }
        }

        // Children stand behind their parents, so that every walk ends.
        private bool Leads(int from, int to) => to >= 0 ? to > from && to < nodes.Length : ~to < leaves.Length;
    }
}
