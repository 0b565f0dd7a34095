using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Access;
using McpLedger.Stages.Sealing;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Running;

/// <summary>A rotation to make: <c>ed25519</c> or <c>ecdsa-p256</c>.</summary>
internal sealed record RotationRequest(string Algorithm);

/// <summary>Keys that verify this ledger.</summary>
internal sealed record VerifierKeySet(IReadOnlyList<string> Current, IReadOnlyList<string> Retired);

/// <summary>What others need to check this ledger: keys, checkpoints, proofs, and the log in the layout of C2SP tlog-tiles.</summary>
internal static class IntegrityEndpoints
{
    private const string PlainText = "text/plain; charset=utf-8";

    public static void MapIntegrity(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api/v1").WithTags("integrity");
        api.MapGet("/events/{id}/proof", ProveAsync).WithName("ProveEvent").WithSummary("The event's .tlog-proof (C2SP): its leaf as extra bytes, the inclusion proof and the signed checkpoint.").RequireAuthorization(Roles.Auditor);
        api.MapGet("/checkpoints/{partition}", Latest).WithName("LatestCheckpoint").WithSummary("The signed checkpoint of calls-0 or control-0, verbatim.").RequireAuthorization(Roles.Viewer);
        api.MapGet("/keys/signing", Keys).WithName("VerifierKeys").WithSummary("The public keys that verify this ledger.").RequireAuthorization(Roles.Viewer);
        api.MapPost("/keys/signing/rotate", RotateAsync).WithName("RotateSigningKey").WithSummary("Replaces the signing key; one checkpoint of each partition is signed by both.").RequireAuthorization(Roles.Admin);
        endpoints.MapGet("/tlog/{partition}/checkpoint", Latest).ExcludeFromDescription().RequireAuthorization(Roles.Viewer);
        endpoints.MapGet("/tlog/{partition}/{**path}", ReadTile).ExcludeFromDescription().RequireAuthorization(Roles.Viewer);
    }

    private static async Task<IResult> ProveAsync(string id, HttpContext context, IntegrityFolder integrity, ControlLog control)
    {
        if (!EventId.TryParse(id, out var read))
        {
            return Refusals.Answer(StatusCodes.Status400BadRequest, "An event's id is a UUID in its 36-character form.");
        }

        if (!await control.TryAppendAsync(id, new AccessGranted(KeyEndpoints.Actor(context), "export", $"proof of {id}"), CancellationToken.None))
        {
            return KeyEndpoints.Unavailable;
        }

        return integrity.Prove(read) is { } found
            ? Results.Bytes(found.Proof.Encode(), PlainText, $"{id}.tlog-proof")
            : Refusals.Answer(StatusCodes.Status404NotFound, "No checkpoint covers such an event. A new event is covered within a second or two.");
    }

    private static IResult Latest(string partition, IntegrityFolder integrity) =>
        LedgerPartition.TryParse(partition, out var of) && integrity.Tiles(of).Checkpoint() is { } note
            ? Results.Bytes(note, PlainText)
            : Refusals.Answer(StatusCodes.Status404NotFound, "There is no such partition, or nothing of it is sealed yet.");

    private static IResult ReadTile(string partition, string path, IntegrityFolder integrity) =>
        LedgerPartition.TryParse(partition, out var of) && Tile.TryParse(path, out var tile) && integrity.Tiles(of).Read(tile) is { } bytes
            ? Results.Bytes(bytes, "application/octet-stream")
            : Refusals.Answer(StatusCodes.Status404NotFound, "There is no such tile.");

    private static IResult Keys(IntegrityFolder integrity) => Results.Json(new VerifierKeySet(Lines(integrity.VerifierKeys ?? ""), [.. integrity.RetiredKeys.SelectMany(Lines)]));

    private static async Task<IResult> RotateAsync(RotationRequest request, HttpContext context, SealingKeys keys, TimeProvider time, IntegrityFolder integrity)
    {
        NoteAlgorithm? algorithm = request.Algorithm switch { "ed25519" => NoteAlgorithm.Ed25519, "ecdsa-p256" => NoteAlgorithm.EcdsaP256, _ => null };
        if (algorithm is null)
        {
            return Refusals.Answer(StatusCodes.Status400BadRequest, "An algorithm is ed25519 or ecdsa-p256.");
        }

        var actor = KeyEndpoints.Actor(context);
        return await Task.Run(() => keys.TryRotate(algorithm.Value, actor, time))
            ? Keys(integrity)
            : Refusals.Answer(StatusCodes.Status409Conflict, "The last rotation is not finished: every partition needs a checkpoint that both keys sign. Try again in a minute.");
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
