using McpLedger.SampleServer;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton(TimeProvider.System).AddSingleton<Notebook>();
builder.Services.AddMcpServer(o => o.ServerInfo = new() { Name = "mcpledger-sample", Version = "0.1.0" })
    .WithHttpTransport(o => o.Stateless = true)
    .WithTools<SampleTools>();

await using var app = builder.Build();
app.MapMcp("/mcp");
await app.StartAsync();
await Console.Out.WriteLineAsync($"listening on {app.Urls.First()}/mcp");
await app.WaitForShutdownAsync();
