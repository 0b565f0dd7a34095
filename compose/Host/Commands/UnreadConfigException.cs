using McpLedger.Host.Configuration;

namespace McpLedger.Host.Commands;

/// <summary>A verb needs what may stand in a configuration that cannot be read.</summary>
/// <param name="read">What is wrong with it.</param>
internal sealed class UnreadConfigException(ConfigRead read) : Exception($"{read.Path} cannot be read.")
{
    public ConfigRead Read { get; } = read;
}
