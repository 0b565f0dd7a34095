namespace McpLedger.Gateway.Sessions;

/// <summary>What became of a session id that a client sent. The safe value is zero (I7).</summary>
internal enum SessionOpening
{
    /// <summary>Not one of ours: garbage, altered, cut, or of a key that is gone. The client gets 404 and starts anew.</summary>
    Unreadable = 0,

    /// <summary>Ours, but of somebody else. The client gets 403.</summary>
    OtherPrincipal = 1,

    /// <summary>Ours, and of the one who sent it.</summary>
    Opened = 2,
}
