using System.Net;
using System.Net.Http.Json;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Host.Tests.Running;

public sealed class SigningKeyEndpointTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task The_signing_key_is_replaced_only_after_the_ledger_says_who_asked()
    {
        using var admin = host.Client(host.AdminSecret);
        HttpStatusCode status;
        do
        {
            // The sealer may not have opened its keys yet.
            using var answer = await admin.PostAsJsonAsync("api/v1/keys/signing/rotate", new { Algorithm = "ed25519" });
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.Conflict);

        Assert.Equal(HttpStatusCode.OK, status);
        IReadOnlyList<EventData> control;
        do
        {
            var records = await TemporaryLedger.ReadAllAsync(host.Get<ILedgerReader>(), LedgerPartition.Control, 0);
            control = [.. records.Select(r => EventReader.TryRead(r.Bytes.Span, out var read, out _) ? read!.Data : null).OfType<EventData>()];
        }
        while (!control.Any(IsAsked));

        var asked = control.TakeWhile(e => !IsAsked(e)).OfType<AccessGranted>();
        Assert.Contains(asked, a => a is { Actor: "admin-token", Action: "rotate", Detail: "ed25519" });

        // The first key of a ledger is told as replaced too.
        static bool IsAsked(EventData e) => e is SigningKeyRotated { RotatedBy: "admin-token" };
    }
}
