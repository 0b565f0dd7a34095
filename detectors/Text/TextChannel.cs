namespace McpLedger.Detectors.Text;

/// <summary>Who speaks in a text, and so which model reads it. Zero is the one that is trusted least.</summary>
public enum TextChannel
{
    /// <summary>A tool's answer, a resource, a prompt from a server, an error: what somebody outside wrote.</summary>
    Response = 0,

    /// <summary>A user's words and the arguments that an agent fills in.</summary>
    User = 1,

    /// <summary>Definitions of tools, prompts and resources, and a server's instructions.</summary>
    Definition = 2,
}
