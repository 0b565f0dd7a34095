using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Doors;
using McpLedger.Host.Running;
using McpLedger.Projections.Search;

namespace McpLedger.Host.Commands;

/// <summary><c>keys</c>: API keys of callers, and the key that signs checkpoints.</summary>
internal static class KeysCommand
{
    private const int MostDays = 36_500;

    public static Command Create() => new("keys", "API keys (create, list, revoke) and the signing key (show, rotate).") { New(), List(), Revoke(), Show(), Rotate() };

    private static Command New()
    {
        var principal = new Option<string?>("--principal") { Description = "Whom the key authenticates toward servers." };
        var role = new Option<string?>("--role") { Description = "What it may do with the API: viewer, auditor or admin." };
        var team = new Option<string[]>("--team") { Description = "A team of the principal; may be given more than once." };
        var kind = new Option<string?>("--kind") { Description = "human, service or agent. Default: human." };
        var days = new Option<int?>("--days") { Description = $"Days until it stops to work, 1 to {MostDays}. Default: never." };
        days.Validators.Add(static result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[^1].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) && count is < 1 or > MostDays)
            {
                result.AddError($"--days is {count}. Fix: give 1 to {MostDays}, or leave it out for a key that does not expire");
            }
        });
        var command = new Command("create", "Make a key. Its secret is shown once and stored nowhere.") { principal, role, team, kind, days };
        return command.Runs((parsed, terminal, cancellationToken) =>
        {
            DateTimeOffset? expires = parsed.GetValue(days) is { } count ? TimeProvider.System.GetUtcNow().AddDays(count) : null;
            var request = new KeyRequest(parsed.GetValue(principal), parsed.GetValue(role), parsed.GetValue(team) ?? [], parsed.GetValue(kind), expires);
            return Doorway.AskLiveAsync<KeyMade>(parsed, terminal, door => door.SendAsync<KeyMade>(HttpMethod.Post, "api/v1/keys", request, cancellationToken), made =>
            {
                terminal.Line($"key {made!.Id}; this is shown once:");
                terminal.Line(made.Secret);
            });
        });
    }

    private static Command List()
    {
        var limit = new Option<int>("--limit") { Description = $"Keys of a page, 1 to {SearchRequest.MostHits}.", DefaultValueFactory = _ => SearchRequest.MostHits };
        var cursor = CommonOptions.Cursor();
        var command = new Command("list", "List API keys by their ids, revoked ones too.") { limit, cursor };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(parsed, terminal, door => door.KeysAsync(parsed.GetValue(limit), parsed.GetValue(cursor), cancellationToken), page =>
        {
            terminal.Table(["key", "principal", "role", "kind", "teams", "created", "expires", "revoked"], page.Items.Select(k => (IReadOnlyList<string?>)
                [k.Key, k.Principal, k.Role, k.Kind, string.Join(' ', k.Teams), Day(k.Created), Day(k.Expires), Day(k.Revoked)]));
            terminal.Line($"{page.Items.Count} on this page");
            terminal.More(page.Cursor);
        }));
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("id") { Description = "The key's id: the part between the underscores." };
        var command = new Command("revoke", "Revoke an API key, on every replica.") { id };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskLiveAsync<object>(
            parsed, terminal, door => door.SendAsync<object>(HttpMethod.Delete, $"api/v1/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancellationToken), _ =>
            {
                terminal.Document(new { Key = parsed.GetValue(id), Revoked = true });
                terminal.Line($"key {parsed.GetValue(id)} is revoked");
            }));
    }

    private static Command Show() => new Command("show", "Print the public keys that verify this ledger.").Runs(async (parsed, terminal, cancellationToken) =>
    {
        var (keys, fault, code) = await VerifierKeysAsync(parsed, cancellationToken);
        if (keys is null)
        {
            terminal.Error($"mcpledger: {fault}");
            return code;
        }

        terminal.Document(keys);
        terminal.Line(string.Join('\n', keys.Current));
        if (keys.Retired.Count > 0)
        {
            terminal.Line("# retired: they verify checkpoints from before");
            terminal.Line(string.Join('\n', keys.Retired));
        }

        return ExitCode.Ok;
    });

    private static async Task<DoorAnswer<VerifierKeySet>> VerifierKeysAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (LiveDoor.Elsewhere(parsed) is not null)
        {
            using var door = LiveDoor.Find(parsed)!;
            return await door.SendAsync<VerifierKeySet>(HttpMethod.Get, "api/v1/keys/signing", null, cancellationToken);
        }

        var folder = DataFolder.Of(parsed);
        var integrity = new IntegrityFolder(folder);
        return integrity.VerifierKeys is { } current
            ? new(new(current.Split('\n', StringSplitOptions.RemoveEmptyEntries), [.. integrity.RetiredKeys.SelectMany(k => k.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))]), null, ExitCode.Ok)
            : new(null, $"there is no signing key in {folder}: the role that seals makes it at its first start. Fix: start 'mcpledger up' once; where roles run apart, ask on the pipeline's machine, or with --api and a key.", ExitCode.Unavailable);
    }

    private static Command Rotate()
    {
        var algorithm = new Option<string?>("--algorithm") { Description = "ed25519 or ecdsa-p256. Default: that of the key in force." };
        algorithm.AcceptOnlyFromAmong("ed25519", "ecdsa-p256");
        var command = new Command("rotate", "Replace the signing key; one checkpoint of each partition is signed by both.") { algorithm };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskLiveAsync<VerifierKeySet>(
            parsed,
            terminal,
            door => door.SendAsync<VerifierKeySet>(HttpMethod.Post, "api/v1/keys/signing/rotate", new RotationRequest(parsed.GetValue(algorithm)), cancellationToken),
            keys => terminal.Line(string.Join('\n', keys!.Current))));
    }

    private static string? Day(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
