using System.Diagnostics;
using System.Security.Cryptography;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training;

/// <summary>What a model is trained from and where it goes.</summary>
public sealed record TrainingRequest
{
    /// <summary>The folder that has <c>train/</c>, and <c>dev/</c> for calibration.</summary>
    public required string Data { get; init; }

    /// <summary>The model folder that is written. It must not hold a model of another name.</summary>
    public required string Output { get; init; }

    /// <summary>The new model's name.</summary>
    public required string Id { get; init; }

    /// <summary>A model folder whose word vectors and encoder are taken over, or the JSON file of the npm package's word vectors.</summary>
    public required string Base { get; init; }

    /// <summary>Labelled texts of one's own on top: what an analyst confirmed or rejected in a ledger.</summary>
    public IReadOnlyList<LabelledText> Labelled { get; init; } = [];

    /// <summary>How many pairs are made where nobody says otherwise.</summary>
    public const int DefaultPairs = 20_000;

    /// <summary>Pairs of attacked and clean texts made for each channel.</summary>
    public int Pairs { get; init; } = DefaultPairs;

    /// <summary>The training's seed.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What was read of the data.</summary>
    internal CorpusTally Tally { get; } = new();

    internal Corpus TrainingRows() => new(Path.Combine(Data, "train"), Tally);

    internal Corpus ScoreboardRows() => new(Path.Combine(Data, "dev"), Tally);
}

/// <summary>Rows in, model folder out. The same request makes the same digest; only the card says how long it took.</summary>
public static class ModelTraining
{
    internal const string CapabilityName = "capability.bin";
    internal const string OddName = "user-odd.bin";
    internal const string ShapesName = "shapes.bin";

    private const int EncoderWindows = 2;
    private const float CapabilityL2 = 1e-6f;

    // What one training makes of its made-up texts differs by some points from what the next makes of others; the mean of three varies less and finds more.
    private const int Members = 3;

    // Own labels are few and weigh as much as this many made-up texts each.
    private const double LabelWeight = 5;

    /// <summary>Trains every channel, calibrates it and writes the folder.</summary>
    /// <returns>The new model's digest.</returns>
    public static string Run(TrainingRequest request, IProgress<string> progress)
    {
        var began = Stopwatch.GetTimestamp();
        Directory.CreateDirectory(request.Output);
        var train = request.TrainingRows();
        var vocabulary = Vocabularies.Prepare(request, train, progress);
        Board[] boards = [.. Board.All];
        var members = new WideDeepWeights[boards.Length * Members];
        Parallel.For(0, members.Length, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i =>
        {
            var (board, member) = (boards[i / Members], (ulong)(i % Members));
            progress.Report($"training {board.Title}, {member + 1} of {Members}");
            members[i] = WideDeepTrainer.Train(Texts(board.Channel, request, member), vocabulary, OptionsOf(board.Channel, request.Seed + member));
            progress.Report($"trained {board.Title}, {member + 1} of {Members}");
        });
        WideDeepWeights[] weights = [.. members.Chunk(Members).Select(WideDeepWeights.MeanOf)];

        for (var i = 0; i < boards.Length; i++)
        {
            using var file = File.Create(Path.Combine(request.Output, WeightsName(boards[i].Channel)));
            WeightsFile.Write(weights[i], file);
        }

        TrainOdd(request, train, vocabulary, progress);
        progress.Report("training the capability head");
        var (capability, _) = new LinearTrainer(vocabulary).Train([.. new CapabilityTexts(14).Make(request.Pairs / 4, train)], CapabilityL2);
        using (var file = File.Create(Path.Combine(request.Output, CapabilityName)))
        {
            capability.Write(file);
        }

        progress.Report("calibrating");
        var digest = Calibration.Write(request, EncoderWindows);
        ModelCard.Write(request, Members, Stopwatch.GetElapsedTime(began));
        return digest;
    }

    /// <summary>Counts shapes and trains the scorer of odd tokens.</summary>
    internal static void TrainOdd(TrainingRequest request, Corpus train, Vocabulary vocabulary, IProgress<string> progress)
    {
        progress.Report("counting shapes");
        var shapes = Vocabularies.Shapes(train);
        using (var file = File.Create(Path.Combine(request.Output, ShapesName)))
        {
            shapes.Write(file);
        }

        progress.Report("training on odd tokens");
        TrainingText[] texts = [.. new UserTexts(train, Draws.SeedOf(TextChannel.User, 0)).Disorder(request.Pairs / 2, train)];
        using (var file = File.Create(Path.Combine(request.Output, OddName)))
        {
            OddTokenTrainer.Train(texts, vocabulary, shapes, request.Seed).Write(file);
        }
    }

    internal static string WeightsName(TextChannel channel) => InjectionModel.NameOf(channel) + ".bin";

    internal static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private static WideDeepOptions OptionsOf(TextChannel channel, ulong seed) => channel switch
    {
        TextChannel.Response => new() { Seed = seed, Hidden = 16, Epochs = 4 },
        TextChannel.User => new() { Seed = seed, Hidden = 16, Epochs = 3, UsesSigns = true },
        _ => new() { Seed = seed, Hidden = 8, Epochs = 4 },
    };

    internal static TextChannel ChannelOf(LabelledText row) => row.Channel switch { "user" => TextChannel.User, "tool_def" => TextChannel.Definition, _ => TextChannel.Response };

    private static List<TrainingText> Texts(TextChannel channel, TrainingRequest request, ulong member)
    {
        // Every channel reads its own corpus object: they train side by side.
        var corpus = request.TrainingRows();
        var seed = Draws.SeedOf(channel, member);
        var texts = channel switch
        {
            TextChannel.Response => new ResponseTexts(corpus, seed).Make(request.Pairs, corpus),
            TextChannel.User => new UserTexts(corpus, seed).Make(request.Pairs, corpus),
            _ => new DefinitionTexts(corpus, seed).Make(request.Pairs),
        };
        return [.. texts, .. request.Labelled.Where(row => ChannelOf(row) == channel).Select(row => Own(row, channel))];
    }

    // A recorded text is somebody else's: what looks like the marks of a payload in it are its own characters, and say nothing of where an attack stands.
    internal static TrainingText Own(LabelledText row, TextChannel channel) =>
        new(row.IsAttack, channel == TextChannel.Definition ? NormalText.OfJson(row.Text) : NormalText.Of(row.Text), Weight: LabelWeight);
}
