using System.Text.Json.Nodes;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Tests.Configuration;

public sealed class ConfigSchemaTests
{
    [Fact]
    public void The_published_schema_is_the_one_the_program_binds()
    {
        using var published = new StreamReader(typeof(ConfigFile).Assembly.GetManifestResourceStream("mcpledger.schema.json")!);

        Assert.Equal(ConfigSchema.Write(), published.ReadToEnd());
    }

    [Fact]
    public void Every_key_is_described_and_no_other_is_accepted()
    {
        Walk(JsonNode.Parse(ConfigSchema.Write())!, "");

        static void Walk(JsonNode schema, string path)
        {
            if (schema["properties"] is not JsonObject properties)
            {
                return;
            }

            Assert.False(schema["additionalProperties"]!.GetValue<bool>(), path);
            foreach (var (key, property) in properties)
            {
                Assert.NotEmpty(property!["description"]!.GetValue<string>());
                Walk(property, $"{path}.{key}");
                Walk(property["items"] ?? new JsonObject(), $"{path}.{key}[]");
                Walk(property["additionalProperties"] as JsonObject ?? [], $"{path}.{key}.*");
            }
        }
    }

    [Fact]
    public void The_reference_table_is_the_one_the_program_prints() =>
        Assert.Contains(ConfigReference.Write(), File.ReadAllText(Path.Combine(ExampleTests.Root(), "compose", "README.md")), StringComparison.Ordinal);
}
