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

    private static Task WriteAsync(Microsoft.AspNetCore.Http.HttpContext http, string contentType, string body)
    {
        (http.Response.StatusCode, http.Response.ContentType) = (400, contentType);
        return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, body);
    }
}
