using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Tokenizers;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// The second stage: a small encoder that scores one window of text. One session serves all threads; a call costs some milliseconds and allocates a little, which is why it sees few texts.
/// </summary>
internal sealed class WindowEncoder : IDisposable
{
    /// <summary>Word pieces in a window, the two marks of its ends included.</summary>
    public const int Pieces = 64;

    private const int Room = Pieces - 2;

    // What no 62 pieces can reach beyond: longer neighbours would be cut to pieces for nothing.
    private const int MaxSide = 260;

    private readonly InferenceSession _session;
    private readonly BertTokenizer _tokenizer;
    private readonly RunOptions _options = new();
    private readonly string[] _inputs;
    private readonly string[] _outputs;

    /// <summary>Loads an encoder.</summary>
    /// <param name="model">ONNX: <c>input_ids</c> int64 [batch, tokens] in, one logit a row out.</param>
    /// <param name="vocabulary">WordPiece, a piece a line.</param>
    public WindowEncoder(Stream model, Stream vocabulary)
    {
        using var bytes = new MemoryStream();
        model.CopyTo(bytes);
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new(bytes.ToArray(), options);
        _tokenizer = BertTokenizer.Create(vocabulary);
        _inputs = [.. _session.InputMetadata.Keys];
        _outputs = [.. _session.OutputMetadata.Keys];
    }

    /// <summary>The logit of the window around a range of the text.</summary>
    /// <param name="text">Normalised.</param>
    /// <param name="start">First character of the range.</param>
    /// <param name="end">Its end, exclusive.</param>
    public float Score(ReadOnlySpan<char> text, int start, int end)
    {
        var ids = Window(text, start, end);
        using var input = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        using var outputs = _session.Run(_options, _inputs, [input], _outputs);
        return outputs[0].GetTensorDataAsSpan<float>()[0];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    // The range itself first; what room is left goes to both sides evenly, and to one side what the other does not need.
    private long[] Window(ReadOnlySpan<char> text, int start, int end)
    {
        var middle = Encode(text[start..end]);
        var inside = Math.Min(middle.Count, Room);
        var left = Encode(text[WordStart(text, Math.Max(0, start - MaxSide), start)..start]);
        var right = Encode(text[end..Math.Min(text.Length, end + MaxSide)]);
        var free = Room - inside;
        var before = Math.Min(left.Count, Math.Max(free / 2, free - right.Count));
        var after = Math.Min(right.Count, free - before);
        var ids = new long[before + inside + after + 2];
        ids[0] = _tokenizer.ClassificationTokenId;
        var at = 1;
        for (var i = left.Count - before; i < left.Count; i++)
        {
            ids[at++] = left[i];
        }

        for (var i = 0; i < inside; i++)
        {
            ids[at++] = middle[i];
        }

        for (var i = 0; i < after; i++)
        {
            ids[at++] = right[i];
        }

        ids[at] = _tokenizer.SeparatorTokenId;
        return ids;
    }

    private IReadOnlyList<int> Encode(ReadOnlySpan<char> text) => text.IsEmpty ? [] : _tokenizer.EncodeToIds(text, addSpecialTokens: false);

    private static int WordStart(ReadOnlySpan<char> text, int from, int end)
    {
        if (from == 0)
        {
            return 0;
        }

        var space = text[from..end].IndexOfAny(' ', '\n');
        return space < 0 ? from : from + space + 1;
    }
}
