using System.Text;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>Scores corpora with a model as the gateway does: reading, stage one, and the second stage where stage one asks for it.</summary>
internal sealed class Scorer(InjectionModel model)
{
    private readonly InjectionDetector _detector = new(model);

    /// <summary>
    /// Whether only beginnings tell near-copies, as in a training: what a model's gate and thresholds were read off with is part of its digest, and stays when a scoreboard counts more strictly.
    /// </summary>
    public bool WeighsByBeginning { get; init; }

    /// <summary>Whether the encoder reads the best windows of every text, gate or no gate: what curves are drawn from.</summary>
    public bool AsksAlways { get; init; }

    /// <summary>Scores every text, in order.</summary>
    public ScoredText[] Score(IReadOnlyList<LabelledText> rows, TextChannel channel)
    {
        string[] texts = [.. rows.Select(row => row.Text)];
        var (clusters, _) = WeighsByBeginning ? Clusters.ByBeginning(texts) : Clusters.Of(texts);
        var weights = Clusters.Weights(clusters);
        var scored = new ScoredText[rows.Count];
        Parallel.ForEach(
            Enumerable.Range(0, rows.Count),
            new ParallelOptions { MaxDegreeOfParallelism = Math.Min(Environment.ProcessorCount, 4) },
            () => (Text: new MessageText(TextLimits.Default), Reading: new InjectionReading()),
            (i, _, own) =>
            {
                var score = ScoreOne(rows[i].Text, channel, own.Text, own.Reading);
                scored[i] = new()
                {
                    Source = rows[i].Source, IsAttack = rows[i].IsAttack, Family = rows[i].Family, Length = rows[i].Text.Length, Cluster = clusters[i], Weight = weights[i],
                    StageOne = score.Logit, Odd = score.OddLogit, Encoder = score.EncoderLogit, MarkTail = model.Of(channel).MarkTail(score.Marks), Probability = score.Probability, IsFlagged = score.IsFlagged,
                    Windows = AsksAlways ? Windows(own.Text, own.Reading) : [],
                };
                return own;
            },
            _ => { });
        return scored;
    }

    private InjectionScore ScoreOne(string row, TextChannel channel, MessageText text, InjectionReading reading)
    {
        Read(row, channel, text);
        var score = _detector.Score(text, reading);
        return score.NeedsEncoder ? _detector.Confirm(text, score, reading, CancellationToken.None) : score;
    }

    private float[] Windows(MessageText text, InjectionReading reading)
    {
        if (model.Encoder is not { } encoder || double.IsPositiveInfinity(model.Of(text.Channel).Gate))
        {
            return [];
        }

        var logits = new float[reading.Candidates.Length];
        for (var i = 0; i < logits.Length; i++)
        {
            var candidate = reading.Candidates[i];
            logits[i] = encoder.Score(candidate.View < 0 ? text.Normal.Chars : text.View(candidate.View).Normal.Chars, candidate.Start, candidate.End);
        }

        return logits;
    }

    /// <summary>Definitions are JSON and read as such; all else stands in a corpus as one text, which is how a tool's text content arrives.</summary>
    public static void Read(string row, TextChannel channel, MessageText text)
    {
        var bytes = Encoding.UTF8.GetBytes(row);
        if (channel == TextChannel.Definition && row.StartsWith('{'))
        {
            text.Read(bytes, channel);
        }
        else
        {
            text.ReadText(bytes, channel);
        }
    }
}
