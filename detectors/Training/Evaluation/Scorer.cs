using System.Text;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>Scores corpora with a model as the gateway does: reading, stage one, and the second stage where stage one asks for it.</summary>
internal sealed class Scorer(InjectionModel model)
{
    private readonly InjectionDetector _detector = new(model);

    /// <summary>Scores every text, in order.</summary>
    public ScoredText[] Score(IReadOnlyList<LabelledText> rows, TextChannel channel)
    {
        var (clusters, count) = Clusters.Of([.. rows.Select(row => row.Text)]);
        var sizes = new int[count];
        foreach (var cluster in clusters)
        {
            sizes[cluster]++;
        }

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
                    Source = rows[i].Source, IsAttack = rows[i].IsAttack, Family = rows[i].Family, Length = rows[i].Text.Length, Cluster = clusters[i], Weight = 1.0 / sizes[clusters[i]],
                    StageOne = score.Logit, Odd = score.OddLogit, Encoder = score.EncoderLogit, MarkTail = model.Of(channel).MarkTail(score.Marks), Probability = score.Probability, IsFlagged = score.IsFlagged,
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
