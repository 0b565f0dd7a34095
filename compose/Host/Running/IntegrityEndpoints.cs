using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Access;
using McpLedger.Stages.Sealing;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Running;

/// <summary>A rotation to make.</summary>
/// <param name="Algorithm">ed25519 | ecdsa-p256; null for that of the key in force.</param>
internal sealed record RotationRequest(string? Algorithm);

/// <summary>Keys that verify this ledger.</summary>
/// <param name="Current">Verifier keys (vkey) in force, one for each partition's origin.</param>
/// <param name="Retired">Keys that were replaced: they verify checkpoints from before.</param>
internal sealed record VerifierKeySet(IReadOnlyList<string> Current, IReadOnlyList<string> Retired);

/// <summary>What others need to check this ledger: keys, checkpoints, proofs, and the log in the layout of C2SP tlog-tiles.</summary>
internal static class IntegrityEndpoints
{
    private const string PlainText = "text/plain; charset=utf-8";

    public static void MapIntegrity(this IEndpointRouteBuilder endpoints, bool publicTiles)
    {
        var api = endpoints.MapGroup("/api/v1").WithTags("integrity");
        api.MapGet("/events/{id}/proof", ProveAsync).WithName("event-proof").WithSummary("The event's .tlog-proof (C2SP)")
            .WithDescription("Its leaf as extra bytes, the inclusion proof and the signed checkpoint. A new event is covered within a second or two.")
            .Produces<string>(StatusCodes.Status200OK, PlainText).ProducesProblem(StatusCodes.Status404NotFound).RequireAuthorization(Roles.Auditor);
        api.MapGet("/checkpoints/{partition}", Latest).WithName("checkpoint").WithSummary("The signed checkpoint of calls-0 or control-0, verbatim")
            .Produces<string>(StatusCodes.Status200OK, PlainText).ProducesProblem(StatusCodes.Status404NotFound).RequireAuthorization(Roles.Viewer);
        api.MapGet("/keys/signing", Keys).WithName("signing-keys").WithSummary("The public keys that verify this ledger")
            .Produces<VerifierKeySet>().RequireAuthorization(Roles.Viewer);
        api.MapPost("/keys/signing/rotate", RotateAsync).WithName("rotate-signing-key").WithSummary("Replaces the signing key")
            .WithDescription("One checkpoint of each partition is signed by both keys, at once.")
            .Produces<VerifierKeySet>().ProducesProblem(StatusCodes.Status409Conflict).RequireAuthorization(Roles.Admin);

        // Tiles hold commitments and no payload; who may have them without a token is the operator's to say.
        var tiles = endpoints.MapGroup("/tlog/{partition}").ExcludeFromDescription();
        _ = publicTiles ? tiles.AllowAnonymous() : tiles.RequireAuthorization(Roles.Viewer);
        tiles.MapGet("/checkpoint", Latest);
        tiles.MapGet("/{**path}", ReadTile);
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

    private static async Task<IResult> RotateAsync(RotationRequest request, HttpContext context, SealingKeys keys, TimeProvider time, IntegrityFolder integrity, ControlLog control)
    {
        NoteAlgorithm? algorithm = request.Algorithm switch { "ed25519" => NoteAlgorithm.Ed25519, "ecdsa-p256" => NoteAlgorithm.EcdsaP256, _ => null };
        if (request.Algorithm is not (null or "ed25519" or "ecdsa-p256"))
        {
            return Refusals.Answer(StatusCodes.Status400BadRequest, "An algorithm is ed25519 or ecdsa-p256; without one the new key has that of the key in force.");
        }

        var actor = KeyEndpoints.Actor(context);
        if (!await control.TryAppendAsync(null, new AccessGranted(actor, "rotate", request.Algorithm is { Length: > 0 } named ? named : "as the key in force"), CancellationToken.None))
        {
            return KeyEndpoints.Unavailable;
        }

        return await Task.Run(() => keys.TryRotate(algorithm, actor, time))
            ? Keys(integrity)
            : Refusals.Answer(StatusCodes.Status409Conflict, "The last rotation is not finished: every partition needs a checkpoint that both keys sign. Try again in a minute.");
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
