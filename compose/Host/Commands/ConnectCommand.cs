using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doors;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary><c>connect</c>: standard streams on one side, the gateway on the other.</summary>
internal static class ConnectCommand
{
    public static Command Create()
    {
        var server = new Argument<string>("SERVER") { Description = "Name of the server in the configuration." };
        var url = CommonOptions.Address("--url", "Base address of a gateway elsewhere, such as https://mcp.example.com.", recursive: false);
        var command = new Command("connect", $"Connect a client that only speaks stdio to a server through the gateway. An API key is taken from {CommonOptions.KeyVariable}.") { server, url };
        return command.Runs(async (parsed, terminal, cancellationToken) =>
        {
            var elsewhere = parsed.GetValue(url);
            var running = elsewhere is not null ? new RunningInstance(elsewhere, 0, null, "") : RunningInstance.Find(DataFolder.Meant(parsed)) ?? Configured(parsed);
            if (running is null)
            {
                terminal.Error("mcpledger: no gateway is running here and no configuration says where one is. Fix: mcpledger up, or --url");
                return ExitCode.Unavailable;
            }

            using var client = LocalHttp.Toward(running, CommonOptions.KeyOfEnvironment());
            client.Timeout = Timeout.InfiniteTimeSpan;
            if (elsewhere is null && ConfigReader.Read(running.Config).File is { } file)
            {
                client.DefaultRequestHeaders.Host = Listening.AnsweredHost(file.Listen, running.Url);
            }

            await using var input = Console.OpenStandardInput();
            await using var output = Console.OpenStandardOutput();
            var endpoint = new Uri(running.Url, $"/s/{Uri.EscapeDataString(parsed.GetValue(server)!)}/mcp");
            await new StdioConnection(client, endpoint, input, output, TimeProvider.System).RunAsync(cancellationToken);
            return ExitCode.Ok;
        });
    }

    private static RunningInstance? Configured(ParseResult parsed) =>
        ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config))) is { Config: { } config } && config.File.Listen.Url.Port != 0
            ? new(Listening.LocalAddress(config.File.Listen.Url.ToString()), 0, null, config.Path)
            : null;
}
