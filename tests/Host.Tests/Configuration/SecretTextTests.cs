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

    [Theory]
    [InlineData("Host=db;Password=${file:token};Database=x")]
    [InlineData("Host=db;Password = ${file:token}")]
    [InlineData("Host=db;Password='${file:token}';Database=x")]
    [InlineData("Host=db;Password=\"${file:token}\"")]
    public void In_a_connection_string_a_secret_is_one_value_whatever_signs_it_holds(string template)
    {
        const string secret = "a;Host=evil'\"=x";
        File.WriteAllText(Path.Combine(_folder.FullName, "token"), secret);

        var read = new System.Data.Common.DbConnectionStringBuilder { ConnectionString = new SecretText(template).ResolveConnection(_folder.FullName, out _) };

        Assert.Equal(("db", secret), (read["Host"], read["Password"]));
    }

    [Fact]
    public void A_connection_string_that_is_a_secret_as_a_whole_is_left_as_it_is()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "token"), "Host=db;Password=x");

        Assert.Equal("Host=db;Password=x", new SecretText("${file:token}").ResolveConnection(_folder.FullName, out _));
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
    [InlineData("${file:blank}", "is empty")]
    [InlineData("${vault:x}", "no reference")]
    [InlineData("${file:}", "no reference")]
    public void A_reference_that_leads_nowhere_is_an_error(string template, string problem)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "blank"), "\n");

        var value = new SecretText(template).Resolve(_folder.FullName, out var missing);

        Assert.Null(value);
        Assert.Contains(missing, m => m.Problem.Contains(problem, StringComparison.Ordinal));
    }
}
