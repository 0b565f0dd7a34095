using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>Values in Base64: what goes is what holds them, however it was laid out, and nothing else.</summary>
public sealed class EncodedScreenTests
{
    private static readonly string Prose = string.Concat(Enumerable.Repeat($"{Screened.Letter} ", 30));

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    public async Task A_secret_at_the_end_of_Base64_in_lines_is_neither_released_nor_recorded(string lineEnd)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, ScreeningKind.Secrets, ScreeningAction.Redact));
        var token = Screened.Token(90);
        Screened.Says(gateway, Encoded($"{Prose}{token} and that is all").Replace("\r\n", lineEnd, StringComparison.Ordinal));

        var text = await Screened.CallAsync(gateway);

        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.All([text, Screened.Text(completed.Response)], each =>
        {
            var said = TextOf(each);
            Assert.Contains("[secret:gitlab-token:", said, StringComparison.Ordinal);
            Assert.DoesNotContain(token[6..18], Decoded(said), StringComparison.Ordinal);
            Assert.DoesNotContain(token[^12..], Decoded(said), StringComparison.Ordinal);
            Assert.StartsWith(Encoded(Prose).Replace("\r\n", lineEnd, StringComparison.Ordinal)[..3500], said, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task What_stands_between_two_encoded_blocks_stays_where_the_first_ends_in_a_secret()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, ScreeningKind.Secrets, ScreeningAction.Redact));
        const string Report = "\n\nThe night's report: nine builds passed, one was stopped by hand at 03:12, and the disk of runner 4 is nearly full.\n\n";
        var second = Convert.ToBase64String(Encoding.UTF8.GetBytes(Screened.Letter));
        Screened.Says(gateway, Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Screened.Letter} {Screened.Token(91)}")) + Report + second);

        var text = await Screened.CallAsync(gateway);

        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.All([text, Screened.Text(completed.Response)], each =>
        {
            Assert.Contains("[secret:gitlab-token:", TextOf(each), StringComparison.Ordinal);
            Assert.EndsWith(Report + second, TextOf(each), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task What_unseen_characters_part_is_scored_as_it_passes_without_them()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, ScreeningKind.Injection, ScreeningAction.Refuse));
        var hidden = Parted(Convert.ToBase64String(Encoding.UTF8.GetBytes(Screened.Attack)));
        Screened.Says(gateway, $"{Screened.Letter} {hidden} {Screened.Letter}");

        var text = await Screened.CallAsync(gateway);

        Assert.Contains("withheld the answer", text, StringComparison.Ordinal);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        var span = completed.Screening!.Findings.Single(finding => finding.Detector == "injection").Span!;
        var place = Screened.Text(completed.Response).Substring((int)span.Start, (int)span.Length);
        Assert.Contains("\\u200B", place, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_is_too_much_to_be_read_once_unseen_characters_are_gone_is_unread()
    {
        await using var gateway = await Screened.StartAsync(new ScreeningChoices { OnCut = ScreeningLapse.Refuse });
        var letter = string.Concat(Enumerable.Repeat($"{Screened.Letter} ", 800));
        Screened.Says(gateway, Parted(Convert.ToBase64String(Encoding.UTF8.GetBytes(letter + Screened.Token(92)))));

        var text = await Screened.CallAsync(gateway);

        Assert.Contains("encoded text", text, StringComparison.Ordinal);
        Assert.Equal(ScreeningState.Cut, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Screening!.State);
    }

    private static string Parted(string digits) => string.Join('\u200B', digits.Chunk(20).Select(piece => new string(piece)));

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text), Base64FormattingOptions.InsertLineBreaks);

    private static string TextOf(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString()!;
    }

    // What is left on either side of a placeholder, wherever a group of four digits may begin.
    private static string Decoded(string text) => string.Join('\n', text
        .Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).TrimEnd('=').Split('[', ']')
        .Where(piece => !piece.Contains(':', StringComparison.Ordinal))
        .SelectMany(piece => Enumerable.Range(0, 4).Where(skip => skip < piece.Length).Select(skip => piece[skip..]))
        .Select(piece => Encoding.Latin1.GetString(Convert.FromBase64String(piece[..(piece.Length / 4 * 4)]))));
}
