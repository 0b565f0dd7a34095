using System.Diagnostics;
using System.Text;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace McpLedger.Benchmarks.Detection;

/// <summary>Microsoft.ML beside it, in the same run and on the same texts: its own featuriser and linear model through its own prediction engine.</summary>
internal static class Rival
{
    private const int Texts = 1_500;

    public static void Run(byte[][] results)
    {
        var context = new MLContext(seed: 1);
        var rows = new CapabilityTexts(14).Make(1_000, new Corpus("")).Select(text => new Row { Text = text.Text, Label = text.IsAttack });
        var model = context.Transforms.Text.FeaturizeText("Features", nameof(Row.Text)).Append(context.BinaryClassification.Trainers.SdcaLogisticRegression()).Fit(context.Data.LoadFromEnumerable(rows));
        var engine = context.Model.CreatePredictionEngine<Row, Verdict>(model);
        string[] texts = [.. results.Take(Texts).Select(Encoding.UTF8.GetString)];
        var took = new List<double>();
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var text in texts)
        {
            var began = Stopwatch.GetTimestamp();
            engine.Predict(new() { Text = text });
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds * 1024 / text.Length);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        DetectorsVerb.Print("Microsoft.ML FeaturizeText + SDCA", took, null, null);
        Console.WriteLine($"  and allocates {allocated / texts.Length} B a text");
    }

    internal sealed class Row
    {
        public string Text { get; set; } = "";

        public bool Label { get; set; }
    }

    internal sealed class Verdict
    {
        [ColumnName("Score")]
        public float Score { get; set; }
    }
}
