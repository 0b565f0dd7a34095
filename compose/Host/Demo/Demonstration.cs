using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json;
using McpLedger.Host.Access;
using McpLedger.Host.Commands;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Host.Running;

namespace McpLedger.Host.Demo;

/// <summary>
/// Shows what the product does with the product itself: a gateway in a process of its own, real servers behind it, a real client in front of it,
/// and the verbs that an operator would type. Nothing is simulated.
/// </summary>
internal sealed class Demonstration(DemoFolder folder, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private readonly string _program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "mcpledger.exe" : "mcpledger");
    private readonly List<object> _steps = [];

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        terminal.Heading("1. Servers");
        await using var sample = ChildProgram.Start(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "McpLedger.SampleServer.exe" : "McpLedger.SampleServer"), Path.Combine(folder.Root, "sample.log"), "--urls", "http://127.0.0.1:0");
        var address = new Uri((await sample.FirstLine.WaitAsync(Patience, time, cancellationToken))["listening on ".Length..]);
        terminal.Line($"sample      C#, Streamable HTTP, both eras, at {address}");
        var (node, missing) = await NodeServers.PrepareAsync(terminal.Line, time, cancellationToken);
        terminal.Line(node is null ? $"no npm servers: {missing}; the sample server stands alone" : "everything  @modelcontextprotocol/server-everything over stdio\nfiles       @modelcontextprotocol/server-filesystem over stdio");

        terminal.Heading("2. The gateway");
        folder.WriteConfig(address, node);
        terminal.Line($"$ mcpledger up --config {folder.Config}");
        await using var gateway = ChildProgram.Start(_program, Path.Combine(folder.Root, "gateway.log"), "up", "--config", folder.Config);
        var instance = await ReadyAsync(gateway, cancellationToken);
        terminal.Line($"serving at {instance.Url}; its log is {Path.Combine(folder.Root, "gateway.log")}");

        var calls = await CallAsync(instance.Url, node is not null, cancellationToken);
        var evidence = await FindAsync(instance, cancellationToken);
        var told = evidence is not null && await ProveAsync(evidence, cancellationToken);
        terminal.Document(new { Folder = folder.Root, Seconds = time.GetElapsedTime(began).TotalSeconds, Calls = calls, Steps = _steps, Complete = told });
        Farewell(time.GetElapsedTime(began));
        return told ? ExitCode.Ok : ExitCode.Finding;
    }

    private async Task<RunningInstance> ReadyAsync(ChildProgram gateway, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < Patience && !gateway.HasExited)
        {
            if (RunningInstance.Find(folder.Data) is { } instance)
            {
                using var client = LocalHttp.Toward(instance, null);
                if ((await client.GetAsync(new Uri("readyz", UriKind.Relative), cancellationToken)).StatusCode == HttpStatusCode.OK)
                {
                    return instance;
                }
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }

        throw new IOException($"the gateway did not become ready; see {Path.Combine(folder.Root, "gateway.log")}");
    }

    private async Task<IReadOnlyList<DemoCall>> CallAsync(Uri gateway, bool withNode, CancellationToken cancellationToken)
    {
        terminal.Heading("3. Calls through it, with the C# SDK's client: what the model sees");
        List<DemoCall> calls =
        [
            .. await DemoCalls.RunAsync(
                gateway,
                "sample",
                null,
                [
                    ("count_words", new() { ["text"] = "a ledger is only ever written forward" }), ("search_text", new() { ["word"] = "auditor" }),
                    ("slow_report", new() { ["steps"] = 4, ["stepMilliseconds"] = 100 }), ("delete_note", new() { ["title"] = "evidence" }),
                ],
                cancellationToken),
            .. await DemoCalls.RunAsync(gateway, "sample", DemoCalls.Legacy, [("clock", [])], cancellationToken),
        ];
        if (withNode)
        {
            calls.AddRange(await DemoCalls.RunAsync(gateway, "everything", DemoCalls.Legacy, [("echo", new() { ["message"] = "hello, ledger" }), ("get-sum", new() { ["a"] = 40, ["b"] = 2 })], cancellationToken));
            calls.AddRange(await DemoCalls.RunAsync(gateway, "files", DemoCalls.Legacy, [("read_text_file", new() { ["path"] = Path.Combine(folder.Files, "hello.txt") }), ("read_text_file", new() { ["path"] = "/etc/passwd" })], cancellationToken));
        }

        terminal.Table(
            ["server", "revision", "tool", "result", "text", "progress"],
            calls.Select(c => (IReadOnlyList<string?>)[c.Server, c.Revision, c.Tool, c.IsError ? "error" : "ok", c.Text.Length > 70 ? c.Text[..69] + "…" : c.Text, c.Progress.ToString(CultureInfo.InvariantCulture)]));
        terminal.Line("delete_note was refused by the rule 'no-delete': the server never saw it, and the model was told why.");
        return calls;
    }

    /// <returns>Id of the event to prove; null when the ledger does not have it.</returns>
    private async Task<string?> FindAsync(RunningInstance instance, CancellationToken cancellationToken)
    {
        terminal.Heading("4. What the ledger knows");
        await VerbAsync(["search", "method:tools/call", "--limit", "12"], cancellationToken);
        using var client = LocalHttp.Toward(instance, AdminToken.Read(folder.Data));
        var began = time.GetTimestamp();
        do
        {
            await using var answer = await client.GetStreamAsync(new Uri("api/v1/calls?name=count_words&outcome=ok", UriKind.Relative), cancellationToken);
            using var document = await JsonDocument.ParseAsync(answer, default, cancellationToken);
            if (document.RootElement.GetProperty("items").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } call
                && call.TryGetProperty("completedEvent", out var id) && await IsSealedAsync(client, id.GetString()!, cancellationToken))
            {
                return id.GetString();
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
        while (time.GetElapsedTime(began) < Patience);

        terminal.Error("mcpledger: the call was not found or not sealed in time");
        return null;
    }

    private static async Task<bool> IsSealedAsync(HttpClient client, string id, CancellationToken cancellationToken)
    {
        using var answer = await client.GetAsync(new Uri($"api/v1/events/{id}/proof", UriKind.Relative), cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    private async Task<bool> ProveAsync(string id, CancellationToken cancellationToken)
    {
        terminal.Heading("5. A proof that an outsider can check, with nothing but the public key");
        var proof = Path.Combine(folder.Root, "count_words.tlog-proof");
        var proved = await VerbAsync(["proof", id, "-o", proof], cancellationToken) == ExitCode.Ok
            & await VerbAsync(["verify", proof, "--key", folder.VerifierKeys], cancellationToken) == ExitCode.Ok;

        terminal.Heading("6. The whole ledger, copied while it runs");
        folder.CopyLedger();
        proved &= await VerbAsync(["verify", folder.Copy, "--key", folder.VerifierKeys], cancellationToken) == ExitCode.Ok;

        terminal.Heading("7. One byte of the copy, altered");
        if (folder.Tamper(id) is not { } tampered)
        {
            terminal.Error($"mcpledger: event {id} is not in the copy");
            return false;
        }

        terminal.Line($"{Path.GetFileName(tampered.File)}, byte {tampered.At}: '{tampered.Was}' became '{tampered.Is}' (the duration in event {id})");
        return await VerbAsync(["verify", folder.Copy, "--key", folder.VerifierKeys], cancellationToken) == ExitCode.Finding && proved;
    }

    [SuppressMessage("Performance", "CA1851:Possible multiple enumerations of 'IEnumerable' collection", Justification = "It is an array.")]
    private async Task<int> VerbAsync(string[] arguments, CancellationToken cancellationToken)
    {
        terminal.Line($"$ mcpledger {string.Join(' ', arguments.Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"'{a}'" : a))}");
        var (exitCode, output) = await ChildProgram.RunAsync(_program, [.. arguments, "--data", folder.Data], cancellationToken);
        terminal.Line(output);
        terminal.Line($"exit code {exitCode}");
        _steps.Add(new { Command = arguments, ExitCode = exitCode, Output = output });
        return exitCode;
    }

    private void Farewell(TimeSpan took)
    {
        terminal.Heading($"Done in {took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
        terminal.Line($"Everything is in {folder.Root}; look around: mcpledger search '' --data {folder.Data}");
        terminal.Line("Next, with the servers you have:");
        terminal.Line("  mcpledger import ~/.cursor/mcp.json     (or any file with mcpServers in it)");
        terminal.Line("  mcpledger doctor && mcpledger up");
        terminal.Line("  mcpledger export --client cursor        (what your client needs to go through the gateway)");
    }
}
