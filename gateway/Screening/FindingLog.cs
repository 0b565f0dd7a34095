using System.Text;
using System.Threading.Channels;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Recording;
using McpLedger.Streaming;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Gateway.Screening;

/// <summary>
/// Says on the control log what was found in calls, so that analysts and stages hear of it. A call does not wait for that: its own event says the same. The same rule on the same text is raised once
/// a session, a session raises a burst and then a few a minute besides what is high, and what is low is left to the call's event. A caller makes sessions up as it likes, so there is also an hour's measure for whoever asks,
/// one for what is high and one for the rest. What cannot be said here the pipeline says when it follows the call's event.
/// </summary>
internal sealed class FindingLog(ControlRecorder recorder, ScreeningTelemetry telemetry, TimeProvider time) : BackgroundService
{
    private const int MaxWaiting = 1024;
    private const int MaxKnown = 16_384;
    private const int MaxSessions = 4096;
    private const int AnHour = 256;
    private const int Burst = 32;
    private const double PerSecond = 0.1;
    private readonly Channel<FindingRaised> _waiting = Channel.CreateBounded<FindingRaised>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly HourlyQuota _high = new(AnHour);
    private readonly HourlyQuota _others = new(AnHour);
    private readonly Dictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private HashSet<Digest> _known = [];
    private HashSet<Digest> _before = [];

    /// <summary>Raises what was found in a call's message.</summary>
    public void Raise(Call call, string channel, ScreeningRecord record)
    {
        foreach (var finding in record.Findings)
        {
            telemetry.Found(finding);
            if (finding.Severity == Severity.Low)
            {
                continue;
            }

            var fault = Admit(call.Exchange.Principal.Binding, call.Where.Session.Id, finding, record.Text);
            if (fault is null && !_waiting.Writer.TryWrite(EventOf(call, channel, record, finding)))
            {
                fault = "queue";
            }

            if (fault is not null)
            {
                telemetry.Unraised(fault);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var finding in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await RecordAsync(finding);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            while (_waiting.Reader.TryRead(out var left))
            {
                await RecordAsync(left);
            }
        }
    }

    private async ValueTask RecordAsync(FindingRaised finding)
    {
        if (await recorder.RecordAsync(finding, finding.Tool is null ? finding.Server : $"{finding.Server}/{finding.Tool}") is null)
        {
            telemetry.Unraised("ledger");
        }
    }

    private static FindingRaised EventOf(Call call, string channel, ScreeningRecord record, ScreeningFinding finding) => new()
    {
        Finding = FindingId.Of(call.Id, finding.Detector, finding.Rule, record.Text, finding.Severity, finding.Detector == FindingDetectors.Injection ? record.Digest : null),
        Detector = finding.Detector,
        Rule = finding.Rule,
        Severity = finding.Severity,
        Call = call.Id,
        Session = call.Where.Session.Id,
        Principal = call.Who.Principal,
        Client = call.Who.Client,
        Server = call.What.Server,
        Tool = call.What.Method == "tools/call" ? call.What.Name : null,
        Channel = channel,
        Score = finding.Detector == FindingDetectors.Injection ? ScoreOf(record) : null,
        Spans = finding.Span is { } span ? [span, .. finding.More ?? []] : [],
        Explanation = Explain(finding),
        Text = record.Text,
        Effects = finding.Effect == FindingEffects.Alert ? [FindingEffects.Alert] : [FindingEffects.Alert, finding.Effect],
    };

    private static FindingScore? ScoreOf(ScreeningRecord record) =>
        record is { Scores: [var score, ..], Model: { } model, Digest: { } digest } ? new(score.Tail, score.Threshold, model, digest) : null;

    private static string Explain(ScreeningFinding finding)
    {
        var what = finding.Rule is { } rule ? $"{finding.Detector} found {rule}" : finding.Detector == FindingDetectors.Injection ? "The text reads like instructions to a model" : $"{finding.Detector} found something";
        return FindingRaised.Shortened(finding.Explanation is { } more ? $"{what}: {more}." : $"{what}.");
    }

    // Why a finding is not raised; null when it is.
    private string? Admit(string principal, string session, ScreeningFinding finding, Digest? text)
    {
        var key = Digest.Of(Encoding.UTF8.GetBytes($"{session}\n{finding.Detector}\n{finding.Rule}\n{text}"));
        lock (_gate)
        {
            if (_known.Contains(key) || _before.Contains(key))
            {
                return "repeated";
            }

            // Who spends the session's burst on small things hides no great one behind them.
            if (!HasRoom(session) && finding.Severity < Severity.High)
            {
                return "session";
            }

            if (!(finding.Severity < Severity.High ? _others : _high).TryTake(principal, time))
            {
                return "principal";
            }

            if (_known.Count == MaxKnown)
            {
                (_before, _known) = (_known, []);
            }

            _known.Add(key);
            return null;
        }
    }

    private bool HasRoom(string session)
    {
        if (!_buckets.TryGetValue(session, out var bucket))
        {
            if (_buckets.Count == MaxSessions)
            {
                _buckets.Remove(_buckets.MinBy(each => each.Value.Last).Key);
            }

            _buckets[session] = bucket = new() { Tokens = Burst, Last = time.GetTimestamp() };
        }

        var now = time.GetTimestamp();
        bucket.Tokens = Math.Min(Burst, bucket.Tokens + (time.GetElapsedTime(bucket.Last, now).TotalSeconds * PerSecond));
        bucket.Last = now;
        if (bucket.Tokens < 1)
        {
            return false;
        }

        bucket.Tokens--;
        return true;
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public long Last { get; set; }
    }
}
