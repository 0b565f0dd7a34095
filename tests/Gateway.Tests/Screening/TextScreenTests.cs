using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Screening;
using static McpLedger.Gateway.Screening.ScreeningAction;
using static McpLedger.Gateway.Screening.ScreeningKind;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>Answers that are no message: whatever their bytes say stands under the rules of results all the same.</summary>
public sealed class TextScreenTests
{
    [Fact]
    public async Task What_is_withheld_stays_withheld_whoever_takes_the_desk_next()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Refuse));
        var token = Screened.Token(80);
        gateway.Upstream.Answer = (http, _) => WriteAsync(http, "text/html", $"<p>token {token} expired</p>");
        var desks = gateway.Get<ScreeningDesks>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "mcpledger.gateway.screening.findings" && instrument.Meter.Scope == gateway.Get<IMeterFactory>())
            {
                self.EnableMeasurementEvents(instrument);
            }
        };

        // A finding is counted when the desk is free again.
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => desks.Rent(gateway.Source.Snapshot.Screening!.MaxChars).Begin());
        listener.Start();

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 400);

        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        Assert.Contains("withheld the answer", text, StringComparison.Ordinal);
        Assert.Equal("withheld", (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Screening!.Findings.Single().Effect);
    }

    [Theory]
    [InlineData("POST", "application/json", "{\"detail\":\"token X expired\"}")]
    [InlineData("POST", "text/plain", "{\"detail\":\"token X expired\"}")]
    [InlineData("DELETE", "application/json", "[\"token X expired\"]")]
    [InlineData("POST", "application/json", "{\"detail\":\"X\",\"detail\":1}")]
    [InlineData("POST", "application/json", "{\"detail\":\"X\"}\n{\"detail\":\"X\"}")]
    [InlineData("POST", "text/html", "<script>show(\"X\")</script>")]
    public async Task No_escape_hides_a_secret_in_an_answer_that_is_no_message(string method, string contentType, string body)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(81);
        gateway.Upstream.Answer = (http, _) => WriteAsync(http, contentType, body.Replace("X", $"{Escaped(token[..9])}\\u200b{Escaped(token[9..])}", StringComparison.Ordinal));

        var text = await gateway.TextAsync(method == "POST" ? Wire.Post("demo", Wire.Call("7", "echo")) : Wire.Send(HttpMethod.Delete, "demo", Wire.Legacy), 400);

        var recorded = Screened.Text((await gateway.CallsAsync()).OfType<CallCompleted>().Single().Response);
        Assert.All([text, recorded], each =>
        {
            Assert.Contains("[secret:gitlab-token:", each, StringComparison.Ordinal);
            Assert.DoesNotContain(token[9..], Unescaped(each), StringComparison.Ordinal);
        });
        Assert.StartsWith(body[..body.IndexOf('X', StringComparison.Ordinal)], text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<?php $dsn = 'postgres:\\/\\/app:X@db.northwind.net\\/orders';", "url-password")]
    [InlineData("<script>post('https:\\/\\/hooks.slack.com\\/services\\/T0K4QZ8WM\\/B0R7KN2LP\\/X')</script>", "slack-webhook")]
    [InlineData("it said \\\"no\\\" to glpat-X", "gitlab-token")]
    [InlineData("it said \\\"no\\\" to glpat-\\bX", "gitlab-token")]
    [InlineData("Cannot open \\\"C:\\keys\\glpat-X\\\"", "gitlab-token")]
    public async Task Escapes_of_JSON_hide_no_secret_in_a_text_that_has_no_other(string body, string rule)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var secret = Screened.Token(83)[6..];
        gateway.Upstream.Answer = (http, _) => WriteAsync(http, "text/plain", body.Replace("X", secret, StringComparison.Ordinal));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 400);

        Assert.Contains($"[secret:{rule}:", text, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, Screened.Text((await gateway.CallsAsync()).OfType<CallCompleted>().Single().Response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cannot open D:\\usr\\bin\\app")]
    [InlineData("Cannot open D:\\usr\\bin\\app, D:\\form\\bbf and \\/etc\\/app")]
    [InlineData("Cannot open \\\"D:\\temp\\new\\bin\\read\\0041\\u0041\\\"")]
    public async Task A_backslash_in_a_text_stays_what_it_is(string body)
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Screening = new(),
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { Screening = new() { Trust = ServerTrust.Untrusted } }),
        });
        gateway.Upstream.Answer = (http, _) => WriteAsync(http, "text/plain", body);

        Assert.Equal(body, await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 400));
        Assert.Equal(body, Screened.Text((await gateway.CallsAsync()).OfType<CallCompleted>().Single().Response));
    }

    [Theory]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"a\":\"X\",\"a\":1}}}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"a\":\"X\"}")]
    public async Task No_escape_hides_a_secret_in_a_request_that_cannot_be_read(string body)
    {
        await using var gateway = await Screened.StartAsync();
        var token = Screened.Token(82);

        await gateway.TextAsync(Wire.PostRaw("demo", body.Replace("X", Escaped(token), StringComparison.Ordinal), Wire.Legacy), 400);

        var recorded = Screened.Text((await gateway.CallsAsync()).OfType<CallRefused>().Single().Request);
        Assert.Contains("[secret:gitlab-token:", recorded, StringComparison.Ordinal);
        Assert.DoesNotContain(token, Unescaped(recorded), StringComparison.Ordinal);
    }

    private static string Escaped(string text) => string.Concat(text.Select(c => $"\\u{(int)c:x4}"));

    private static string Unescaped(string text) => System.Text.RegularExpressions.Regex.Replace(
        text, "\\\\u([0-9a-fA-F]{4})", match => ((char)Convert.ToInt32(match.Groups[1].Value, 16)).ToString(), System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5));

    private static Task WriteAsync(Microsoft.AspNetCore.Http.HttpContext http, string contentType, string body)
    {
        (http.Response.StatusCode, http.Response.ContentType) = (400, contentType);
        return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, body);
    }
}
