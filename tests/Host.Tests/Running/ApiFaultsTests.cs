using System.Data.Common;
using System.Text.Json;
using McpLedger.Host.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Host.Tests.Running;

public sealed class ApiFaultsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_database_or_disk_does_not_answer_is_a_problem_with_words(bool isDatabase)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        var app = new ApplicationBuilder(services);
        app.UseApiFaults(HostRoles.All);
        app.Run(_ => throw (isDatabase ? new Lost("the connection is lost.") : new IOException("the connection is lost.")));
        var http = new DefaultHttpContext { RequestServices = services };
        http.Request.Path = "/api/v1/keys";
        using var body = new MemoryStream();
        http.Response.Body = body;

        await app.Build()(http);

        Assert.Equal((503, "application/problem+json"), (http.Response.StatusCode, http.Response.ContentType));
        using var problem = JsonDocument.Parse(body.ToArray());
        Assert.Equal("the connection is lost. Try again later.", problem.RootElement.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("/api/v1/reload", "projections", "it would be of 'gateway'")]
    [InlineData("/api/v1/damage", "projections", "it would be of 'gateway' or 'pipeline'")]
    [InlineData("/api/v1/search", "pipeline", "it would be of 'projections'")]
    [InlineData("/api/v1/serch", "projections", "There is no /api/v1/serch. ")]
    [InlineData("/api/v1/serch", "all", "There is no /api/v1/serch. ")]
    public async Task What_another_role_serves_is_said_to_be_that_ones(string path, string role, string said)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        var app = new ApplicationBuilder(services);
        app.UseApiFaults(HostRoleNames.Of(role));
        var http = new DefaultHttpContext { RequestServices = services };
        http.Request.Path = path;
        using var body = new MemoryStream();
        http.Response.Body = body;

        await app.Build()(http);

        using var problem = JsonDocument.Parse(body.ToArray());
        Assert.Contains(said, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private sealed class Lost(string message) : DbException(message);
}
