using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using McpLedger.Host.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace McpLedger.Host.Running;

/// <summary>The OpenAPI document: what every operation has in common is said here once, so that no endpoint can forget it.</summary>
internal static class ApiDescription
{
    private const string Scheme = "token";
    private const string ProblemSchema = "ProblemDetails";

    private const string About =
        "What was recorded, and how it is kept. Every operation needs a token in the Authorization header. Whatever changes something is itself recorded before it is answered, and so are searching, following and reading: "
        + "`search`, `tail`, `call`, `session`, `event`, `event-raw`, `event-proof` and `damage`. The other lists and views hold no payloads, and that they were read is not recorded. "
        + "Refusals are problem details (RFC 9457). Lists come in pages: send `cursor` of one page to get the next.";

    private const string Apart = " This is what the role `{0}` serves. Each describes its own at its own /openapi/v1.json: projections what was recorded, API keys and tools; the pipeline checkpoints, proofs and signing keys; "
        + "gateways reloading and the damage of their disks.";

    private static readonly Dictionary<string, (string Description, string? Example)> Parameters = new(StringComparer.Ordinal)
    {
        ["q"] = ("The query, in the language of /api/v1/fields. Empty asks for everything.", "tool:echo and not outcome:ok"),
        ["id"] = ("The id: a UUID in its 36-character form, or a session's or key's id.", null),
        ["partition"] = ("Name of the partition.", "calls-0"),
        ["server"] = ("Name of the server in the configuration.", "everything"),
        ["tool"] = ("Name of the tool.", "echo"),
        ["session"] = ("Only this session's: its id.", null),
        ["method"] = ("Only this JSON-RPC method.", "tools/call"),
        ["name"] = ("Only calls of this tool, prompt, resource or task.", "echo"),
        ["principal"] = ("Only this principal's.", "anonymous"),
        ["outcome"] = ("unresolved | refused | ok | tool-error | protocol-error | upstream-failed | cancelled | client-gone", "ok"),
        ["from"] = ("Earliest time, ISO 8601.", "2026-11-24T00:00:00Z"),
        ["to"] = ("Latest time, ISO 8601.", "2026-11-25T00:00:00Z"),
        ["limit"] = ("Items of a page, 1 to 200.", null),
        ["cursor"] = ("The cursor of the page before, as it is.", null),
        ["Last-Event-ID"] = ("Id of the last event that was received: goes on behind it.", null),
    };

    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["create-key"] = """{"principal":"ci","teams":["platform"],"kind":"service","role":null}""",
        ["rotate-signing-key"] = """{"algorithm":"ed25519"}""",
        ["approve-tool"] = """{"definition":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}""",
        ["review-finding"] = """{"verdict":"rejected","note":"a page of our own manual"}""",
        ["release-principal"] = """{"principal":"ci","session":null,"reason":"looked at, the loop was ours"}""",
        ["accept-damage"] = """{"partition":"calls-0","offset":1042,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","reason":"disk fault of 24 November, restored from no backup"}""",
    };

    public static void AddApiDescription(this IServiceCollection services, HostRoles roles) => services.AddOpenApi(options =>
    {
        options.AddDocumentTransformer((document, _, _) => Describe(document, roles));
        options.AddOperationTransformer((operation, context, _) => Describe(operation, context));
        options.AddSchemaTransformer((schema, context, _) => Describe(schema, context.JsonPropertyInfo));
    });

    private static Task Describe(OpenApiDocument document, HostRoles roles)
    {
        document.Info = new()
        {
            Title = "McpLedger API",
            Version = UpHost.Version,
            Description = roles == HostRoles.All ? About : About + Apart.Replace("{0}", roles.Written(), StringComparison.Ordinal),
            License = new() { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        document.Servers = [new() { Url = "/" }];
        document.Components ??= new();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
        document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "The admin token (access/admin.token of the data folder), or a key made by 'mcpledger keys create --role'. A token in the address is turned away.",
        };
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        document.Components.Schemas[ProblemSchema] = Problem();
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            Describe(parameter);
        }

        if (operation is { OperationId: { } name, RequestBody: OpenApiRequestBody body } && Bodies.TryGetValue(name, out var example))
        {
            foreach (var content in (body.Content ?? new Dictionary<string, OpenApiMediaType>()).Values)
            {
                content.Example = JsonNode.Parse(example);
            }
        }

        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>().Select(a => a.Policy).OfType<string>().LastOrDefault() is { } role)
        {
            Guard(operation, context, role);
        }

        return Task.CompletedTask;
    }

    // Bytes with a converter of their own are the event as it lies in the ledger, and no base64.
    private static Task Describe(OpenApiSchema schema, JsonPropertyInfo? property)
    {
        if (property is { CustomConverter: not null } && property.PropertyType == typeof(byte[]))
        {
            (schema.Type, schema.Format) = (JsonSchemaType.Object | JsonSchemaType.Null, null);
        }

        return Task.CompletedTask;
    }

    private static void Describe(OpenApiParameter parameter)
    {
        if (parameter.Name is { } name && Parameters.TryGetValue(name, out var known))
        {
            parameter.Description ??= known.Description;
            parameter.Example ??= known.Example is null ? null : JsonValue.Create(known.Example);
        }
    }

    private static void Guard(OpenApiOperation operation, OpenApiOperationTransformerContext context, string role)
    {
        operation.Description = $"{(operation.Description is { } said ? said + " " : "")}Needs the role `{role}`.";
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
        operation.Responses ??= [];
        Refuse(operation.Responses, context, StatusCodes.Status401Unauthorized, "There is no token, or it is unknown, revoked or expired.");
        if (role != Roles.Viewer)
        {
            Refuse(operation.Responses, context, StatusCodes.Status403Forbidden, "The token's role is not enough.");
        }

        Refuse(operation.Responses, context, StatusCodes.Status400BadRequest, "A parameter or the body cannot be read.");
        if (operation.Responses.TryGetValue("403", out var forbidden) && role == Roles.Viewer)
        {
            forbidden.Description = "The query has words or phrases, which are those of payloads, or asks for `hash`, the digest of one: that needs the role `auditor`.";
        }

        if (operation.Responses.TryGetValue("504", out var late))
        {
            late.Description = "Answering took longer than 20 seconds.";
        }

        Refuse(operation.Responses, context, StatusCodes.Status503ServiceUnavailable, "The ledger cannot record now that this was asked, or too much is under way.");
    }

    private static void Refuse(OpenApiResponses responses, OpenApiOperationTransformerContext context, int status, string description)
    {
        var key = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (!responses.ContainsKey(key))
        {
            var problem = new OpenApiMediaType { Schema = new OpenApiSchemaReference(ProblemSchema, context.Document) };
            responses[key] = new OpenApiResponse { Description = description, Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [Refusals.ContentType] = problem } };
        }
    }

    private static OpenApiSchema Problem() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Why not (RFC 9457).",
        Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["type"] = Text("Kind of the problem, a URI; about:blank where the status says it all."),
            ["title"] = Text("The kind in words."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "HTTP status." },
            ["detail"] = Text("What was found."),
            ["field"] = Text("The parameter that cannot be used."),
            ["fix"] = Text("What to write instead."),
            ["position"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "Where in the query, from 0." },
        },
    };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
