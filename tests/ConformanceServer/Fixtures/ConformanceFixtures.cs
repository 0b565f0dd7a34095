using System.Diagnostics;
using ModelContextProtocol.Protocol;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>Puts the fixtures together under the names that the conformance suite asks for.</summary>
internal static class ConformanceFixtures
{
    private static readonly TimeSpan ListsLive = TimeSpan.FromMinutes(5);

    public static void AddConformanceFixtures(this IServiceCollection services, bool stateless)
    {
        services.AddDistributedMemoryCache();
        var server = services
            .AddMcpServer(options => options.ServerInfo = new() { Name = "mcpledger-conformance-server", Version = "0.1.0" })
            .WithHttpTransport(options => options.Stateless = stateless)
            .WithDistributedCacheEventStreamStore()
            .WithTools<ContentTools>()
            .WithTools<ClientFeatureTools>()
            .WithTools<InputRequiredTools>()
            .WithTools<LifecycleTools>()
            .WithTools([SchemaTool.Create()])
            .WithPrompts<Prompts>()
            .WithResources<Resources>()
            .WithCompleteHandler((_, _) => ValueTask.FromResult(new CompleteResult { Completion = new() { Values = ["first", "second"], Total = 2, HasMore = false } }))
            .WithSetLoggingLevelHandler((_, _) => ValueTask.FromResult(new EmptyResult()))
            .WithRequestFilters(AddCachingHints)
            .WithRequestFilters(LifecycleTools.AddPolling);
        if (!stateless)
        {
            // A subscription needs a session to belong to.
            server
                .WithSubscribeToResourcesHandler((_, _) => ValueTask.FromResult(new EmptyResult()))
                .WithUnsubscribeFromResourcesHandler((_, _) => ValueTask.FromResult(new EmptyResult()));
        }
    }

    /// <summary>Serves a second, sessionless server from services of its own: transport options are one per container.</summary>
    public static void MapStatelessFixtures(this WebApplication app, string path)
    {
        var services = new ServiceCollection();
        services.AddSingleton(app.Services.GetRequiredService<ILoggerFactory>());
        services.AddSingleton(app.Services.GetRequiredService<IHostApplicationLifetime>());
        services.AddSingleton(app.Services.GetRequiredService<DiagnosticListener>());
        services.AddLogging();
        services.AddRouting();
        services.AddConformanceFixtures(stateless: true);
        var branch = new ApplicationBuilder(services.BuildServiceProvider());
        branch.UseRouting();
        branch.UseEndpoints(endpoints => endpoints.MapMcp(path));
        app.Run(branch.Build());
    }

    private static void AddCachingHints(IMcpRequestFilterBuilder filters)
    {
        filters.AddListToolsFilter(next => async (request, cancel) => Public(await next(request, cancel)));
        filters.AddListPromptsFilter(next => async (request, cancel) => Public(await next(request, cancel)));
        filters.AddListResourcesFilter(next => async (request, cancel) => Public(await next(request, cancel)));
        filters.AddListResourceTemplatesFilter(next => async (request, cancel) => Public(await next(request, cancel)));
        filters.AddReadResourceFilter(next => async (request, cancel) => Public(await next(request, cancel)));
    }

    private static T Public<T>(T result)
        where T : Result, ICacheableResult
    {
        result.TimeToLive = ListsLive;
        result.CacheScope = CacheScope.Public;
        return result;
    }
}
