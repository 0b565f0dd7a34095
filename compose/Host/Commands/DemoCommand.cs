using System.CommandLine;
using McpLedger.Host.Demo;

namespace McpLedger.Host.Commands;

/// <summary><c>demo</c>: a call goes through, is recorded, is found and is proved, on this machine, in less than a minute.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var command = new Command("demo", "See it work: real servers and a real client, a refusal, a search, a proof, and a forgery that is found.");
        return command.RunsHere((_, terminal, cancellationToken) =>
            new Demonstration(new DemoFolder(Directory.CreateTempSubdirectory("mcpledger-demo-").FullName), terminal, TimeProvider.System).RunAsync(cancellationToken));
    }
}
