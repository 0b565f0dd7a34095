using System.Text;
using System.Text.Json;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Redaction;
using McpLedger.Detectors.Tests.Text;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Redaction;

/// <summary>No copy of a value is left, nothing else changes, and what remains is JSON.</summary>
public sealed class RedactorTests
{
    private static readonly string Token = MadeValues.Entities["github-token"].Make(new(21));
    private static readonly string Card = MadeValues.WithLuhn("453201511283036");

    private readonly Redactor _redactor = new("0123456789abcdef"u8);

    [Fact]
    public void Every_copy_goes_wherever_it_stands()
    {
        var message = $$$"""{"content":[{"type":"text","text":"token {{{Token}}}"},{"type":"resource","resource":{"uri":"https://h/?t={{{Token}}}","text":"{{{Token}}}"}},{"type":"resource_link","uri":"x:{{{Token}}}","name":"n"}],"structuredContent":{"t":"{{{Token}}}","{{{Token}}}":1},"_meta":{"a":["{{{Token}}}"]},"error":{"message":"bad {{{Token}}}"}}""";
        var redacted = Redact(message, out var edits);

        Assert.DoesNotContain(Token, redacted, StringComparison.Ordinal);
        Assert.Equal(8, edits.Edits.Length);
        Assert.Equal(message, redacted.Replace(PlaceholderIn(redacted), Token, StringComparison.Ordinal));
        using var json = JsonDocument.Parse(redacted);
    }

    [Fact]
    public void Copies_of_one_value_leave_room_for_all_others()
    {
        var token = MadeValues.Entities["github-token"].Make(new(22));
        var message = $$"""{"a":"http://u:foo@host.co {{string.Concat(Enumerable.Repeat("foo ", 4100))}}{{Token}} http://u:longer@host.co {{string.Concat(Enumerable.Repeat("longer ", 4100))}}{{token}}"}""";
        var redacted = Redact(message, out var edits);

        Assert.DoesNotContain(Token, redacted, StringComparison.Ordinal);
        Assert.DoesNotContain(token, redacted, StringComparison.Ordinal);
        Assert.DoesNotContain("longer", redacted, StringComparison.Ordinal);

        // What is shorter than six characters may be a word elsewhere.
        Assert.DoesNotContain("u:foo@", redacted, StringComparison.Ordinal);
        Assert.Contains("foo foo", redacted, StringComparison.Ordinal);
        Assert.Equal(4 + 4100, edits.Edits.Length);
        using var json = JsonDocument.Parse(redacted);
    }

    [Fact]
    public void Values_that_lie_within_one_another_cost_no_more_than_the_text_is_long()
    {
        var whole = new Draw(23).Text(SecretToken.Alphanumeric, 44);
        var parts = Enumerable.Range(0, whole.Length).SelectMany(start => Enumerable.Range(6, 39).Where(length => start + length <= whole.Length).Select(length => whole.Substring(start, length)));
        var message = $$"""{"a":"{{string.Concat(parts.Select(part => $"a;Password={part};\\n"))}} {{string.Concat(Enumerable.Repeat(whole, 4000))}}"}""";
        var redacted = Redact(message, out var edits);

        Assert.InRange(edits.Kept, 1, 16 * 1024 * 1024);
        Assert.True(_redactor.IsCut || !redacted.Contains(whole, StringComparison.Ordinal));
        using var json = JsonDocument.Parse(redacted);
        Redact("""{"a":"nothing"}""", out _);
        Assert.False(_redactor.IsCut);
    }

    [Fact]
    public void A_range_that_runs_over_two_leaves_leaves_what_stands_between_them()
    {
        var message = """["one secr",7,"et two"]""";
        var (text, edits) = (Reading.Json(message), new EditList());
        var start = message.IndexOf("secr", StringComparison.Ordinal);
        _redactor.Replace(text, SecretShapes.PrivateKey, "secret", start, message.IndexOf(" two", StringComparison.Ordinal) - start, edits);
        var changed = new byte[edits.LengthAfter(message.Length)];
        edits.Apply(Encoding.UTF8.GetBytes(message), changed);

        using var json = JsonDocument.Parse(changed);
        Assert.StartsWith("one [secret:private-key:", json.RootElement[0].GetString(), StringComparison.Ordinal);
        Assert.StartsWith("[secret:private-key:", json.RootElement[1].GetString(), StringComparison.Ordinal);
        Assert.EndsWith("] two", json.RootElement[2].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_that_is_escaped_goes_too()
    {
        var escaped = string.Concat(Token.Select(c => $"\\u{(int)c:x4}"));
        var redacted = Redact($$"""{"a":"{{Token}}","b":"\"{{escaped}}\\"}""", out _);

        Assert.Equal($$"""{"a":"{{PlaceholderIn(redacted)}}","b":"\"{{PlaceholderIn(redacted)}}\\"}""", redacted);
    }

    [Fact]
    public void A_number_becomes_a_string()
    {
        var redacted = Redact($$"""{"card":{{Card}},"n":1}""", out _);

        using var json = JsonDocument.Parse(redacted);
        Assert.StartsWith("[financial:card-number:", json.RootElement.GetProperty("card").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_values_have_equal_placeholders_under_one_key_and_others_under_another()
    {
        var message = $$"""{"a":"{{Token}}"}""";

        Assert.Equal(Redact(message, out _), Redact(message, out _));
        Assert.NotEqual(Redact(message, out _), Redact(message, out _, new("another key of 16"u8)));
    }

    [Fact]
    public void A_message_without_findings_is_not_touched()
    {
        var message = """{"a":"nothing \u0041 here"}""";

        Assert.Equal(message, Redact(message, out var edits));
        Assert.True(edits.IsEmpty);
    }

    [Fact]
    public void Whatever_was_made_is_gone_afterwards_and_the_rest_is_json()
    {
        foreach (var made in DlpTexts.Make(33, 300, heldOut: true))
        {
            var message = JsonSerializer.Serialize(new { content = new[] { new { type = "text", text = made.Text } }, copy = made.Text });
            var redacted = Redact(message, out _);
            using var json = JsonDocument.Parse(redacted);
            var findings = new DlpFindings(256);
            DlpScan.Run(made.Text, findings);
            foreach (var finding in findings.All)
            {
                Assert.DoesNotContain(made.Text.Substring(finding.Start, finding.Length), json.RootElement.GetProperty("copy").GetString(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Planning_allocates_nothing()
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"a":"{{Token}} and {{Token}}","c":"card {{Card}}"}""");
        var (text, findings, edits) = (new MessageText(TextLimits.Default), new DlpFindings(64), new EditList());
        var changed = new byte[4096];
        for (var i = 0; i < 3; i++)
        {
            Once();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Once();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Once()
        {
            text.Read(bytes, TextChannel.Response);
            DlpScan.Run(text, findings);
            _redactor.Plan(text, findings.All, edits);
            edits.Apply(bytes, changed);
        }
    }

    private static string PlaceholderIn(string redacted) => redacted[redacted.IndexOf("[secret:", StringComparison.Ordinal)..][..(redacted[redacted.IndexOf("[secret:", StringComparison.Ordinal)..].IndexOf(']', StringComparison.Ordinal) + 1)];

    private string Redact(string message, out EditList edits, Redactor? redactor = null)
    {
        var text = Reading.Json(message);
        var findings = new DlpFindings(2048);
        DlpScan.Run(text, findings);
        edits = new();
        (redactor ?? _redactor).Plan(text, findings.All, edits);
        var bytes = Encoding.UTF8.GetBytes(message);
        var changed = new byte[edits.LengthAfter(bytes.Length)];
        Assert.Equal(changed.Length, edits.Apply(bytes, changed));
        return Encoding.UTF8.GetString(changed);
    }
}
