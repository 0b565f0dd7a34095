using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Control;

namespace McpLedger.Gateway.Tools;

/// <summary>What becomes of a server's instructions. The zero value lets nothing pass (I7).</summary>
internal enum InstructionsFate
{
    /// <summary>What had to be recorded about them is not durable.</summary>
    Unrecorded = 0,

    /// <summary>They wait for an operator, or cannot be judged: the answer passes without them.</summary>
    Withheld = 1,

    /// <summary>They are served as they were first seen, or after a change that does not count.</summary>
    Served = 2,

    /// <summary>An operator approved them.</summary>
    Approved = 3,
}

/// <summary>Holds the instructions of a server against their pin, as a list of tools is held against theirs.</summary>
internal sealed class InstructionsScreen(ToolCatalogue catalogue, ControlState control, GatewayTelemetry telemetry)
{
    /// <summary>The instructions in an answer; empty for none. Which request an answer on a GET stream belongs to is not told, so its form decides.</summary>
    public static ReadOnlyMemory<byte> In(Call call, in McpMessage answer) =>
        call.What.Method is "initialize" or "server/discover" or "GET" ? ServerInstructions.In(answer.Result, call.Exchange.Gateway.Limits) : default;

    /// <summary>Judges instructions, once what is new about them is durable.</summary>
    public async ValueTask<InstructionsFate> JudgeAsync(Call call, ReadOnlyMemory<byte> given)
    {
        var server = call.Exchange.Server!;
        if (!ServerInstructions.TryRead(given, out var instructions, out var fault))
        {
            telemetry.InstructionsUnjudged(server.Name, fault);
            return InstructionsFate.Withheld;
        }

        if (await catalogue.RecordAsync(server, call.Exchange.Gateway.Screening, [instructions]) is not { IsRecorded: true })
        {
            return InstructionsFate.Unrecorded;
        }

        // What is known by now may be of others, which the server gave meanwhile: it speaks for those that it was about.
        return control.FindTool(server.Name, ServerInstructions.Name) switch
        {
            { Hold: ToolHold.None, IsApproved: true } known when instructions.Definition == known.Pinned => InstructionsFate.Approved,
            { Hold: ToolHold.None } known when instructions.Definition == known.Pinned || instructions.Definition == known.Seen => InstructionsFate.Served,
            _ => InstructionsFate.Withheld,
        };
    }
}
