using System.Reflection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Architecture.Tests;

/// <summary>What the product's types look like.</summary>
public sealed class TypeTests
{
    // An interface that has fewer than two implementations in this repository needs a reason here.
    private static readonly Dictionary<string, string> LoneInterfaces = new()
    {
        ["IBlobStore"] = "the folder is the first of its implementations; object storage stands beside it in the scaled-out shape",
        ["IRecordHandler"] = "Streaming owns the loop and Projections what is done with a record; the arrow between the rooms points the other way",
    };

    public static TheoryData<string> RoomNames => [.. Rooms.Assemblies.Select(Rooms.ProjectOf)];

    [Theory, MemberData(nameof(RoomNames))]
    public void Concrete_types_are_sealed(string room)
    {
        var open = Rooms.Written(Room(room))
            .Where(type => type.IsClass && !type.IsAbstract && !type.IsSealed)
            .Where(type => !Rooms.Assemblies.SelectMany(Rooms.Written).Any(other => other.BaseType == type));

        Assert.Empty(open);
    }

    [Fact]
    public void The_executable_exports_nothing() =>
        Assert.Empty(Rooms.Written(Rooms.Host).Where(type => type.IsVisible && type.Name != "Program"));

    [Fact]
    public void Every_interface_has_two_implementations_or_a_reason()
    {
        var types = Rooms.Assemblies.SelectMany(Rooms.Written).ToArray();
        var lone =
            from type in types
            where type.IsInterface && !LoneInterfaces.ContainsKey(type.Name)
            where types.Count(other => other is { IsAbstract: false, IsInterface: false } && Implements(other, type)) < 2
            select type.FullName;

        Assert.Empty(lone);
    }

    [Fact]
    public void Contracts_declares_no_interface() => Assert.Empty(Rooms.Written(Rooms.Contracts).Where(type => type.IsInterface));

    [Fact]
    public void Contracts_is_synchronous_and_logs_nothing()
    {
        var members =
            from type in Rooms.Written(Rooms.Contracts)
            from method in type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).OfType<MethodBase>()
            from used in method.GetParameters().Select(parameter => parameter.ParameterType).Append((method as MethodInfo)?.ReturnType ?? typeof(void))
            where typeof(Task).IsAssignableFrom(used) || typeof(ILogger).IsAssignableFrom(used) || used == typeof(ValueTask)
                || (used.IsGenericType && used.GetGenericTypeDefinition() == typeof(ValueTask<>))
            select $"{type.FullName}.{method.Name}";

        Assert.Empty(members);
    }

    [Fact]
    public void No_type_is_named_by_a_suffix_that_says_nothing()
    {
        string[] empty = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility"];

        Assert.Empty(Rooms.Assemblies.SelectMany(Rooms.Written).Where(type => empty.Any(suffix => type.Name.EndsWith(suffix, StringComparison.Ordinal))));
    }

    [Fact]
    public void Namespaces_follow_the_rooms()
    {
        var strays =
            from room in Rooms.Assemblies
            from type in Rooms.Written(room)
            where type.Namespace != Rooms.ProjectOf(room) && !type.Namespace!.StartsWith(Rooms.ProjectOf(room) + ".", StringComparison.Ordinal)
            select type.FullName;

        Assert.Empty(strays);
    }

    private static Assembly Room(string name) => Rooms.Assemblies.Single(room => Rooms.ProjectOf(room) == name);

    private static bool Implements(Type type, Type contract) =>
        contract.IsGenericTypeDefinition
            ? type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == contract)
            : contract.IsAssignableFrom(type);
}
