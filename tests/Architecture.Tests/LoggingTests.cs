using System.Reflection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Architecture.Tests;

/// <summary>Every log message has a number that is its own, in the range of its room.</summary>
public sealed class LoggingTests
{
    private static readonly Dictionary<string, int> Thousands = new()
    {
        ["McpLedger.Gateway"] = 1, ["McpLedger.Streaming"] = 2, ["McpLedger.Stages"] = 2, ["McpLedger.Projections"] = 3, ["McpLedger.Host"] = 4,
    };

    private static IEnumerable<(string Room, string Method, int Id)> Messages =>
        from room in Rooms.Assemblies
        from type in room.GetTypes()
        from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let message = method.GetCustomAttribute<LoggerMessageAttribute>()
        where message is not null
        select (Rooms.ProjectOf(room), $"{type.FullName}.{method.Name}", message.EventId);

    [Fact]
    public void Event_ids_are_unique_over_the_solution()
    {
        var shared = Messages.GroupBy(message => message.Id).Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(message => message.Method))}");

        Assert.Empty(shared);
    }

    [Fact]
    public void Event_ids_lie_in_the_range_of_their_room() =>
        Assert.Empty(Messages.Where(message => !Thousands.TryGetValue(message.Room, out var thousand) || message.Id / 1000 != thousand));

    [Fact]
    public void Nothing_is_logged_around_the_generated_messages()
    {
        var direct =
            from path in SourceTree.Files("*.cs")
            where SourceTree.Product.Any(project => SourceTree.Relative(path).StartsWith(project.Folder + "/", StringComparison.Ordinal))
            from line in File.ReadLines(path)
            where line.Contains(".LogInformation(", StringComparison.Ordinal) || line.Contains(".LogWarning(", StringComparison.Ordinal) || line.Contains(".LogError(", StringComparison.Ordinal)
                || line.Contains(".LogDebug(", StringComparison.Ordinal) || line.Contains(".LogTrace(", StringComparison.Ordinal) || line.Contains(".LogCritical(", StringComparison.Ordinal)
            select $"{SourceTree.Relative(path)}: {line.Trim()}";

        Assert.Empty(direct);
    }
}
