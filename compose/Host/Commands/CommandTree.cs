using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Host.Output;

namespace McpLedger.Host.Commands;

/// <summary>The verbs, and what happens to a command line.</summary>
internal static class CommandTree
{
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The edge of the process: what nobody expected is said in one line with exit code 3, not as a stack trace.")]
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await SayErrorsAsync(args, parsed);
            return ExitCode.Usage;
        }

        try
        {
            // A process that serves ends by its own protocol, which takes longer than the two seconds that a verb gets.
            var grace = parsed.CommandResult.Command.Name == UpCommand.Name ? (TimeSpan?)null : TimeSpan.FromSeconds(2);
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = grace });
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"mcpledger: {Terminal.OneLine(e.Message)}");
            return ExitCode.Usage;
        }
        catch (UnavailableException e)
        {
            await Console.Error.WriteLineAsync($"mcpledger: {Terminal.OneLine(e.Message)}");
            return ExitCode.Unavailable;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("mcpledger: ended before it was done");
            return ExitCode.Unavailable;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"mcpledger: {Terminal.OneLine(e.Message)} ({e.GetType().Name})");
            if (Environment.GetEnvironmentVariable("MCPLEDGER_TRACE") is not null)
            {
                await Console.Error.WriteLineAsync(e.ToString());
            }

            return ExitCode.Unavailable;
        }
    }

    // Help is for people: a program that reads standard output would take it for its document.
    private static async Task SayErrorsAsync(string[] args, ParseResult parsed)
    {
        if (!args.Contains(CommonOptions.Json.Name, StringComparer.Ordinal))
        {
            await parsed.InvokeAsync();
            return;
        }

        foreach (var error in parsed.Errors)
        {
            await Console.Error.WriteLineAsync($"mcpledger: {Terminal.OneLine(error.Message)}");
        }
    }

    private static RootCommand Create()
    {
        var root = new RootCommand("McpLedger: an MCP gateway that records every call before it takes effect, and can prove it.")
        {
            UpCommand.Create(),
            DemoCommand.Create(),
            DoctorCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            ConnectCommand.Create(),
            ReloadCommand.Create(),
            SearchCommand.Create(),
            TailCommand.Create(),
            SessionCommand.Create(),
            ToolsCommand.Create(),
            FindingsCommand.Create(),
            VerifyCommand.Create(),
            ProofCommand.Create(),
            KeysCommand.Create(),
            RebuildCommand.Create(),
            ParkedCommand.Create(),
            RetentionCommand.Create(),
            DamageCommand.Create(),
            SchemaCommand.Create(),
            SpoolCommand.Create(),
            DetectorsCommand.Create(),
            HealthCommand.Create(),
        };
        root.Options.Add(CommonOptions.Config);
        root.Options.Add(CommonOptions.Data);
        root.Options.Add(CommonOptions.Api);
        root.Options.Add(CommonOptions.Json);
        return root;
    }
}

/// <summary>How verbs are declared: an action that gets the parsed line and a terminal, and returns an exit code.</summary>
internal static class CommandExtensions
{
    public static Command Runs(this Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> action)
    {
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, Terminal.ForProcess(parsed.GetValue(CommonOptions.Json)), action, cancellationToken));
        return command;
    }

    /// <summary>The same for a verb that is about this machine: an address of the API would lead nobody to believe that it was asked.</summary>
    /// <exception cref="UsageException">The command line has one.</exception>
    public static Command RunsHere(this Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> action) => command.Runs((parsed, terminal, cancellationToken) =>
    {
        CommonOptions.RefuseApi(parsed);
        return action(parsed, terminal, cancellationToken);
    });

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, Func<ParseResult, Terminal, CancellationToken, Task<int>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action(parsed, terminal, cancellationToken);
        }
        catch (UnreadConfigException e)
        {
            return Faults.Say(terminal, e.Read);
        }
    }
}
