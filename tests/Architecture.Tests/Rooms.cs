using System.Reflection;
using System.Runtime.CompilerServices;

namespace McpLedger.Architecture.Tests;

/// <summary>The compiled rooms.</summary>
internal static class Rooms
{
    public static Assembly Contracts { get; } = Assembly.Load("McpLedger.Contracts");

    public static Assembly Host { get; } = Assembly.Load("mcpledger");

    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        Contracts, Assembly.Load("McpLedger.Streaming"), Assembly.Load("McpLedger.Stages"), Assembly.Load("McpLedger.Gateway"), Assembly.Load("McpLedger.Projections"), Assembly.Load("McpLedger.Detectors"), Host,
    ];

    public static string ProjectOf(Assembly room) => room == Host ? "McpLedger.Host" : room.GetName().Name!;

    /// <summary>The types that somebody wrote: not the compiler's and not a generator's.</summary>
    public static IEnumerable<Type> Written(Assembly room) => room.GetTypes().Where(IsWritten);

    private static bool IsWritten(Type type) =>
        type.Namespace?.StartsWith("McpLedger.", StringComparison.Ordinal) is true
        && !type.Name.Contains('<', StringComparison.Ordinal)
        && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && !type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), inherit: false)
        && (type.DeclaringType is null || IsWritten(type.DeclaringType));
}
