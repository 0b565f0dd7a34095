using McpLedger.Host.Configuration;

namespace McpLedger.Host.Tests.Configuration;

public sealed class SecretTextTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-secret-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void References_are_looked_up_beside_the_configuration()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "token"), "s3cret\n");

        var value = new SecretText("Bearer ${file:token}").Resolve(_folder.FullName, out var missing);

        Assert.Equal("Bearer s3cret", value);
        Assert.Empty(missing);
    }

    [Fact]
    public void What_it_prints_is_the_reference_and_never_the_secret()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "token"), "s3cret");
        var yaml = "servers: { a: { url: '${file:token}', headers: { Authorization: 'Bearer ${file:token}' } } }";

        var read = ConfigReader.ReadText(Path.Combine(_folder.FullName, "mcpledger.yaml"), yaml);

        Assert.NotEmpty(read.Faults);
        Assert.DoesNotContain("s3cret", string.Join('\n', read.Faults.Select(f => f.Describe(read.Path))), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", read.File!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("${env:MCPLEDGER_TEST_NOT_SET}", "not set")]
    [InlineData("${file:nowhere}", "cannot be read")]
    [InlineData("${vault:x}", "no reference")]
    [InlineData("${file:}", "no reference")]
    public void A_reference_that_leads_nowhere_is_an_error(string template, string problem)
    {
        var value = new SecretText(template).Resolve(_folder.FullName, out var missing);

        Assert.Null(value);
        Assert.Contains(missing, m => m.Problem.Contains(problem, StringComparison.Ordinal));
    }
}
