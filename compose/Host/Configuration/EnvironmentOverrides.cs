using System.Collections.Immutable;
using System.Reflection;

namespace McpLedger.Host.Configuration;

/// <summary>
/// What the environment says about the configuration: <c>MCPLEDGER__KAFKA__BOOTSTRAP</c> stands for <c>kafka.bootstrap</c> and wins over the file.
/// Laid over the tree before it is bound, so that a value is held to the same rules wherever it comes from; a name that stands for no key is a fault.
/// </summary>
internal static class EnvironmentOverrides
{
    public const string Prefix = "MCPLEDGER__";
    private const string Separator = "__";

    /// <summary>The environment of this process.</summary>
    public static IReadOnlyDictionary<string, string> OfProcess() => Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
        .Where(e => ((string)e.Key).StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);

    /// <summary>Lays every variable over <paramref name="root"/>.</summary>
    public static ConfigNode Over(ConfigNode root, IReadOnlyDictionary<string, string> environment, ICollection<ConfigFault> faults)
    {
        foreach (var (name, value) in environment.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            if (Resolve(name) is { } found)
            {
                root = Put(root, found.Path.AsSpan(), Read(name, value, found.Type, faults));
            }
            else
            {
                var near = NearName.Of(name, Names(typeof(ConfigFile), Prefix));
                faults.Add(new(name, 0, 0, "the environment variable stands for no key.", near is null ? "unset it, or see the keys in compose/README.md" : $"did you mean {near}?"));
            }
        }

        return root;
    }

    /// <summary>The key that a variable stands for, one name a level; null when there is none.</summary>
    public static ImmutableArray<string>? PathOf(string name) => Resolve(name) is { } found ? [.. found.Path.Select(l => l.Name)] : null;

    private static (ImmutableArray<Level> Path, Type Type)? Resolve(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var type = typeof(ConfigFile);
        var isEnvironment = false;
        var path = ImmutableArray.CreateBuilder<Level>();
        foreach (var part in name[Prefix.Length..].Split(Separator))
        {
            if (NamedValues(type) is { } values && part.Length > 0)
            {
                // What stands in a file as a name has lower case there: names of servers, of destinations, of replicas. A program's variables have the case they are given.
                path.Add(isEnvironment ? new(part, Spelling.OfProgram) : new(part.ToLowerInvariant(), Spelling.Any));
                type = values;
            }
            else if (ConfigBinder.IsSection(type) && Properties(type).FirstOrDefault(p => p.Name.Equals(part, StringComparison.OrdinalIgnoreCase)) is { } property)
            {
                path.Add(new(ConfigBinder.KeyOf(property), Spelling.Exact));
                isEnvironment = property.DeclaringType == typeof(ServerSection) && property.Name == nameof(ServerSection.Env);
                type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            }
            else
            {
                return null;
            }
        }

        return (path.ToImmutable(), type);
    }

    private static IEnumerable<PropertyInfo> Properties(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite);

    private static Type? NamedValues(Type type) =>
        type == typeof(PeersValue) ? typeof(Uri)
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableDictionary<,>) ? type.GenericTypeArguments[1]
        : null;

    private static IEnumerable<string> Names(Type type, string prefix) => Properties(type).SelectMany(p =>
    {
        var name = prefix + p.Name.ToUpperInvariant();
        return ConfigBinder.IsSection(p.PropertyType) && NamedValues(p.PropertyType) is null ? Names(p.PropertyType, name + Separator) : [name];
    });

    // A single value is taken as it stands, so that no character of a password means anything; lists and sections are YAML.
    private static ConfigNode Read(string name, string value, Type type, ICollection<ConfigFault> faults)
    {
        var isList = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>);
        if (!isList && NamedValues(type) is null && !ConfigBinder.IsSection(type))
        {
            return new ConfigNode.Scalar(0, 0, value, IsQuoted: value.Length > 0);
        }

        var (node, unreadable) = YamlTree.Read(value);
        foreach (var fault in unreadable)
        {
            faults.Add(fault with { Path = name, Line = 0, Column = 0 });
        }

        return isList && node is ConfigNode.Scalar { IsNull: false } one
            ? new ConfigNode.Sequence(0, 0, [.. one.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(t => new ConfigNode.Scalar(0, 0, t, IsQuoted: true))])
            : WithoutPlaces(node) ?? new ConfigNode.Scalar(0, 0, "", IsQuoted: false);
    }

    private static ConfigNode? WithoutPlaces(ConfigNode? node) => node switch
    {
        ConfigNode.Mapping mapping => new ConfigNode.Mapping(0, 0, [.. mapping.Entries.Select(e => new ConfigEntry(e.Key, 0, 0, WithoutPlaces(e.Value)!))]),
        ConfigNode.Sequence sequence => new ConfigNode.Sequence(0, 0, [.. sequence.Items.Select(i => WithoutPlaces(i)!)]),
        ConfigNode.Scalar scalar => scalar with { Line = 0, Column = 0 },
        _ => null,
    };

    private static ConfigNode Put(ConfigNode? under, ReadOnlySpan<Level> path, ConfigNode value)
    {
        if (path.IsEmpty)
        {
            return value;
        }

        var mapping = under as ConfigNode.Mapping ?? new(0, 0, []);
        var level = path[0];
        var index = IndexOf(mapping, level);
        var entry = new ConfigEntry(index < 0 ? level.Name : mapping.Entries[index].Key, 0, 0, Put(index < 0 ? null : mapping.Entries[index].Value, path[1..], value));
        return mapping with { Entries = index < 0 ? mapping.Entries.Add(entry) : mapping.Entries.SetItem(index, entry) };
    }

    // The key that is spelled so, else the one of the file that differs only in case: the environment's names are in upper case by custom.
    private static int IndexOf(ConfigNode.Mapping mapping, Level level)
    {
        var keys = mapping.Entries.Select((e, i) => (e.Key, Index: i, IsOfFile: e.Line > 0)).ToArray();
        return keys.Where(k => k.Key == level.Name)
            .Concat(keys.Where(k => level.Spelling != Spelling.Exact && k.Key.Equals(level.Name, StringComparison.OrdinalIgnoreCase) && (level.Spelling == Spelling.Any || k.IsOfFile)))
            .Select(k => (int?)k.Index).FirstOrDefault() ?? -1;
    }

    private enum Spelling
    {
        /// <summary>The key of a section.</summary>
        Exact,

        /// <summary>A name: case means nothing.</summary>
        Any,

        /// <summary>A variable of a program that is started, where two that differ in case are two (http_proxy, HTTP_PROXY).</summary>
        OfProgram,
    }

    /// <summary>One level of a path.</summary>
    private readonly record struct Level(string Name, Spelling Spelling);
}
