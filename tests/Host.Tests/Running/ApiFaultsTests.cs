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
        app.UseApiFaults();
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

    private sealed class Lost(string message) : DbException(message);
}
