using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tools;

/// <summary>
/// What a server tells models about itself in an answer to <c>initialize</c> or <c>server/discover</c>: one definition more among those of its tools, under a name that is no tool's.
/// </summary>
public static class ServerInstructions
{
    /// <summary>The name under which they are pinned. A tool that bears it is none.</summary>
    public const string Name = ":instructions";

    /// <summary>Longest instructions that can be judged, in bytes of the JSON string.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Finds them in a result.</summary>
    /// <param name="result">The object <c>result</c> that <see cref="McpReader"/> read.</param>
    /// <param name="limits">The wire's limits.</param>
    /// <returns>The member's value, whatever it is; empty where there is none, or null, which some servers send for none.</returns>
    public static ReadOnlyMemory<byte> In(ReadOnlyMemory<byte> result, McpLimits limits) => TryFind(result, limits, out var value, out _) ? value.Of(result) : default;

    /// <summary>Makes a definition of them.</summary>
    /// <param name="value">The member's value.</param>
    /// <param name="instructions">An object with that one member, so that what changes in it has a name; null when there is a fault.</param>
    /// <param name="fault">Why they can't be judged, so that they may not be passed on unseen; null when they can.</param>
    /// <returns>False when there is a fault.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> value, [NotNullWhen(true)] out ToolDefinition? instructions, [NotNullWhen(false)] out string? fault)
    {
        instructions = null;
        if (value.IsEmpty || value.Span[0] != '"')
        {
            fault = "They are no text.";
            return false;
        }

        if (value.Length > MaxBytes)
        {
            fault = $"They are longer than {MaxBytes} bytes.";
            return false;
        }

        byte[] raw = [.. "{\"instructions\":"u8, .. value.Span, (byte)'}'];
        if (!CanonicalJson.TryWrite(raw, out var canonical))
        {
            fault = "They have no canonical form: they hold half a surrogate pair.";
            return false;
        }

        fault = null;
        instructions = new(Name, raw, Digest.Of(canonical));
        return true;
    }

    /// <summary>Takes them out of an answer and leaves every other byte as it was (I5).</summary>
    /// <returns>The very bytes that came in where there are none.</returns>
    public static ReadOnlyMemory<byte> Without(in McpMessage message, McpLimits limits)
    {
        if (!TryFind(message.Result, limits, out _, out var member))
        {
            return message.Raw;
        }

        var start = message.ResultStart + member.Start;
        return (byte[])[.. message.Raw.Span[..start], .. message.Raw.Span[(start + member.Length)..]];
    }

    // The member goes with the comma before it; the first one with the comma after it.
    private static bool TryFind(ReadOnlyMemory<byte> result, McpLimits limits, out Slice value, out Slice member)
    {
        (value, member) = (default, default);
        var json = new StrictJson(result, limits);
        try
        {
            var members = json.Peek() == '{' ? json.Open(folds: true) : default;
            json.Peek();
            var isFirst = true;
            for (var before = json.At; json.Next(ref members, out var name); before = json.At, isFirst = false)
            {
                var isFound = name.SequenceEqual("instructions"u8);
                value = json.Skip();
                if (isFound)
                {
                    var end = isFirst && json.Peek() == ',' ? json.At + 1 : value.Start + value.Length;
                    member = new(before, end - before);
                    return !value.Of(result.Span).SequenceEqual("null"u8);
                }
            }

            return false;
        }
        finally
        {
            json.Release();
        }
    }
}
