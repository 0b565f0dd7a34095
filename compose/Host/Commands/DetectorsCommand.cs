using System.CommandLine;
using System.Globalization;
using System.Text;
using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training;
using McpLedger.Detectors.Training.Behaviour;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Evaluation;
using McpLedger.Host.Output;

namespace McpLedger.Host.Commands;

/// <summary><c>detectors</c>: train the injection models, measure them, and ask why a text was flagged.</summary>
internal static class DetectorsCommand
{
    public static Command Create() => new("detectors", "The detectors: train, measure, explain, and score the recorded past anew.") { Train(), Evaluate(), Explain(), RescoreCommand.Create() };

    private static Command Train()
    {
        var output = new Option<string>("--out") { Description = "The model folder to write.", Required = true };
        var id = new Option<string>("--id") { Description = "The new model's name.", DefaultValueFactory = _ => "injection-custom" };
        var from = new Option<string?>("--base") { Description = "A model folder that gives word vectors and encoder, or the word vectors' JSON. Default: the shipped model." };
        var kind = new Option<string>("--kind") { Description = "injection (texts, from train/ and dev/) or behaviour (sessions, from traces/).", DefaultValueFactory = _ => "injection" };
        kind.AcceptOnlyFromAmong("injection", "behaviour");
        var labels = new Option<string[]>("--labels") { Description = "JSON lines {source, label, channel, text}: confirmed (1) and rejected (0) findings of your own. May be given more than once." };
        var pairs = new Option<int>("--pairs") { Description = "Pairs of attacked and clean texts that are made up for each channel.", DefaultValueFactory = _ => TrainingRequest.DefaultPairs };
        pairs.Validators.Add(result => { if (result.GetValueOrDefault<int>() < 1) { result.AddError("--pairs is at least 1."); } });
        var command = new Command("train", "Train and calibrate a model: --data names the folder that has train/ and dev/. Without --data a model is continued on --labels alone. The same data make the same digest.") { output, id, from, kind, labels, pairs };
        return command.RunsHere((parsed, terminal, _) =>
        {
            var isBehaviour = parsed.GetValue(kind) == "behaviour";
            LabelledText[] labelled = [.. (parsed.GetValue(labels) ?? []).SelectMany(Corpus.ReadLines)];
            if (!isBehaviour && parsed.GetValue(CommonOptions.Data) is null && labelled.Length > 0)
            {
                var tuning = new TuningRequest { Base = parsed.GetValue(from) ?? ShippedModel.Folder, Output = parsed.GetValue(output)!, Id = parsed.GetValue(id)!, Labelled = labelled };
                Trained(terminal, tuning.Id, ModelTuning.Run(tuning, new Steps(terminal)), tuning.Output);
                return Task.FromResult(ExitCode.Ok);
            }

            if (DataOf(parsed, terminal, isBehaviour ? "traces" : "train") is not { } data)
            {
                return Task.FromResult(ExitCode.Usage);
            }

            if (isBehaviour)
            {
                using var injection = InjectionModel.Open(parsed.GetValue(from) ?? ShippedModel.Folder);
                Trained(terminal, parsed.GetValue(id)!, BehaviourTraining.Run(new() { Data = data, Output = parsed.GetValue(output)!, Id = parsed.GetValue(id)! }, injection, new Steps(terminal)), parsed.GetValue(output)!);
                return Task.FromResult(ExitCode.Ok);
            }

            var request = new TrainingRequest
            {
                Data = data,
                Output = parsed.GetValue(output)!,
                Id = parsed.GetValue(id)!,
                Base = parsed.GetValue(from) ?? ShippedModel.Folder,
                Labelled = labelled,
                Pairs = parsed.GetValue(pairs),
            };
            Trained(terminal, request.Id, ModelTraining.Run(request, new Steps(terminal)), request.Output);
            return Task.FromResult(ExitCode.Ok);
        });
    }

    private static void Trained(Terminal terminal, string id, string digest, string folder)
    {
        terminal.Document(new { Id = id, Digest = digest, Folder = Path.GetFullPath(folder) });
        terminal.Line($"{id} {digest} in {Path.GetFullPath(folder)}");
    }

    private static Command Evaluate()
    {
        var file = new Argument<string?>("file") { Description = "After --json: the file that the scoreboard is written to as JSON, beside the text.", DefaultValueFactory = _ => null };
        var model = ModelOption();
        var quick = new Option<bool>("--quick") { Description = "Score a slice of each source: a test of the command, no measurement." };
        var control = new Option<bool>("--control") { Description = "Also train the in-distribution control." };
        var curves = new Option<bool>("--curves") { Description = "Also draw recall by false-positive rate, for each part of the model and for other ways to put them together. The second stage reads every text for it." };
        var sessions = new Option<string?>("--behaviour") { Description = "The session model's folder. Default: the one that comes with the program." };
        var only = new Option<string?>("--only") { Description = "injection or behaviour alone. Default: both, behaviour where --data has traces/." };
        only.AcceptOnlyFromAmong("injection", "behaviour");
        var command = new Command("evaluate", "Measure models on the public scoreboard: --data names the folder that has dev/ and traces/.") { file, model, sessions, only, quick, control, curves };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            var isBehaviourOnly = parsed.GetValue(only) == "behaviour";
            if (DataOf(parsed, terminal, isBehaviourOnly ? "traces" : "dev") is not { } data)
            {
                return ExitCode.Usage;
            }

            using var opened = InjectionModel.Open(parsed.GetValue(model) ?? ShippedModel.Folder);
            var request = new ScoreboardRequest { Data = data, IsQuick = parsed.GetValue(quick), WithControl = parsed.GetValue(control), WithCurves = parsed.GetValue(curves) };
            var texts = isBehaviourOnly ? null : Scoreboard.Run(opened, request, new Steps(terminal));
            var behaviour = parsed.GetValue(only) == "injection"
                ? null
                : BehaviourScoreboard.Run(BehaviourModel.Open(parsed.GetValue(sessions) ?? BehaviourModel.ShippedFolder), opened, request, new Steps(terminal));
            var json = Scoreboard.ToJson(texts, behaviour);
            var page = $"{(texts is null ? "" : ScoreboardText.Of(texts))}{(behaviour is null ? "" : BehaviourReportText.Of(behaviour))}";
            if (parsed.GetValue(file) is { } path)
            {
                await File.WriteAllBytesAsync(path, json, cancellationToken);
                await System.Console.Out.WriteLineAsync(page);
            }
            else if (terminal.IsJson)
            {
                await System.Console.Out.WriteLineAsync(Encoding.UTF8.GetString(json));
            }
            else
            {
                terminal.Line(page);
            }

            return ExitCode.Ok;
        });
    }

    private static Command Explain()
    {
        var text = new Argument<string>("text") { Description = "The text, or - to read it from standard input." };
        var channel = new Option<TextChannel>("--channel") { Description = "Whose words they are: response, user or definition.", DefaultValueFactory = _ => TextChannel.Response };
        var model = ModelOption();
        var command = new Command("explain", "Score one text and say which words made the score.") { text, channel, model };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            var input = parsed.GetValue(text)!;
            var bytes = Encoding.UTF8.GetBytes(input == "-" ? await System.Console.In.ReadToEndAsync(cancellationToken) : input);
            using var opened = InjectionModel.Open(parsed.GetValue(model) ?? ShippedModel.Folder);
            var (message, reading, detector) = (new MessageText(TextLimits.Default), new InjectionReading(), new InjectionDetector(opened));
            message.ReadText(bytes, parsed.GetValue(channel));
            var score = detector.Score(message, reading);
            score = detector.Confirm(message, score, reading, cancellationToken);
            var explanation = InjectionExplanation.Of(opened, message, score, reading);
            var (start, length) = score.ToBytes(message);
            terminal.Document(new
            {
                Model = opened.Id, opened.Digest, score.Channel, score.Depth, score.IsFlagged, score.Probability, score.Tail, Threshold = opened.Threshold(score.Channel), score.Logit,
                Encoder = float.IsNaN(score.EncoderLogit) ? (float?)null : score.EncoderLogit, Start = start, Length = length, explanation.Span, explanation.Words, explanation.Meaning,
            });
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{(score.IsFlagged ? "FLAGGED" : "not flagged")}: probability {score.Probability:0.000}, one benign text in {Math.Pow(10, Math.Min(score.Tail, 9)):0} is as unusual (threshold: one in {Math.Pow(10, opened.Threshold(score.Channel)):0})"));
            terminal.Line(Terminal.OneLine($"bytes {start}–{start + length}: {explanation.Span}"));
            terminal.Table(["word", "adds"], explanation.Words.Select(word => (IReadOnlyList<string?>)[word.Word, word.Weight.ToString("0.000", CultureInfo.InvariantCulture)]));
            return score.IsFlagged ? ExitCode.Finding : ExitCode.Ok;
        });
    }

    private static Option<string?> ModelOption() => new("--model") { Description = "The model folder. Default: the one that comes with the program." };

    private static string? DataOf(ParseResult parsed, Terminal terminal, string part)
    {
        var data = parsed.GetValue(CommonOptions.Data);
        if (data is not null && Directory.Exists(Path.Combine(data, part)))
        {
            return data;
        }

        terminal.Error($"mcpledger: --data has to name a folder with {part}/*.jsonl.gz in it{(data is null ? "" : $"; '{data}' has none")}.");
        return null;
    }

    private sealed class Steps(Terminal terminal) : IProgress<string>
    {
        public void Report(string value)
        {
            if (terminal.IsInteractive)
            {
                terminal.Line(value);
            }
        }
    }
}
