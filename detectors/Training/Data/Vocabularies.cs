using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Data;

/// <summary>The parts of a model folder that all channels share: word vectors and encoder come from elsewhere, word pairs are counted.</summary>
internal static class Vocabularies
{
    public const string Words = "words.bin";
    public const string Pairs = "pairs.bin";
    public const string EncoderModel = "encoder/model.int8.onnx";
    public const string EncoderVocabulary = "encoder/vocab.txt";
    public const string Licenses = "LICENSES.md";

    private static readonly string[] Ordinary = ["docs_train", "dialogue_benign", "metatool_user", "bfcl_user", "whowhen", "bipia_train", "toolsdk_tools", "bfcl_funcs", "toolbench_obs"];

    /// <summary>Puts the shared files into the output folder.</summary>
    public static Vocabulary Prepare(TrainingRequest request, Corpus train, IProgress<string> progress)
    {
        var words = Path.Combine(request.Output, Words);
        if (File.Exists(request.Base))
        {
            progress.Report("pruning word vectors");
            using var pruned = File.Create(words);
            WordVectorImport.Read(request.Base).Write(pruned);
        }
        else
        {
            foreach (var name in new[] { Words, EncoderModel, EncoderVocabulary, Licenses }.Where(name => File.Exists(Path.Combine(request.Base, name))))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(request.Output, name))!);
                if (Path.GetFullPath(request.Base) != Path.GetFullPath(request.Output))
                {
                    File.Copy(Path.Combine(request.Base, name), Path.Combine(request.Output, name), overwrite: true);
                }
            }
        }

        using var file = File.OpenRead(words);
        var vectors = WordVectors.Read(file);
        progress.Report("counting word pairs");
        var counter = new PairCounter(vectors);
        foreach (var row in train.Of(false, Ordinary))
        {
            counter.Add(NormalText.Of(row.Text));
        }

        var pairs = counter.ToPairs();
        using var written = File.Create(Path.Combine(request.Output, Pairs));
        pairs.Write(written);
        return new(vectors, pairs);
    }

    /// <summary>How every other text of a corpus goes on; what a scorer of odd tokens learns from are the rest.</summary>
    public static KnownShapes Shapes(Corpus train)
    {
        var counter = new ShapeCounter();
        foreach (var source in Ordinary)
        {
            foreach (var row in train.Of(false, source).Where((_, i) => i % 2 == 0))
            {
                counter.Add(NormalText.Of(row.Text));
            }
        }

        return counter.ToShapes();
    }
}
