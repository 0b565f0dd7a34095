using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace McpLedger.Host.Configuration;

/// <summary>
/// Puts a tree of nodes into the records that describe the file. Strict: what no record names is a fault, never ignored. Goes on after a fault,
/// so that one reading finds them all; remembers where each path stands, for checks that come later.
/// </summary>
internal sealed class ConfigBinder
{
    private readonly List<ConfigFault> _faults = [];
    private readonly Dictionary<string, (int Line, int Column)> _places = new(StringComparer.Ordinal);

    public IReadOnlyList<ConfigFault> Faults => _faults;

    public static string KeyOf(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    /// <summary>Whether anything was bound at a path.</summary>
    public bool Stands(string path) => _places.ContainsKey(path);

    /// <summary>Where a path stands, or else the nearest section around it.</summary>
    public (int Line, int Column) PlaceOf(string path)
    {
        while (path.Length > 0)
        {
            if (_places.TryGetValue(path, out var place))
            {
                return place;
            }

            path = path[..Math.Max(path.LastIndexOfAny(['.', '[']), 0)];
        }

        return _places.GetValueOrDefault("", (1, 1));
    }

    public T Bind<T>(ConfigNode node)
        where T : class, new() => (T?)Section(typeof(T), node, "") ?? new T();

    private object? Value(Type type, PropertyInfo? property, ConfigNode node, string path)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        _places.TryAdd(path, (node.Line, node.Column));
        var isList = plain.IsGenericType && plain.GetGenericTypeDefinition() == typeof(ImmutableArray<>);
        if (node is ConfigNode.Scalar { IsNull: true })
        {
            // Many a list matches anything where it is empty, so one must not come to be empty by what was left out.
            return isList ? Missing(path, "nothing stands where a list is needed.") : null;
        }

        if (plain == typeof(PeersValue))
        {
            return Peers(node, path);
        }

        if (isList)
        {
            return List(plain.GenericTypeArguments[0], property, node, path);
        }

        if (plain.IsGenericType && plain.GetGenericTypeDefinition() == typeof(ImmutableDictionary<,>))
        {
            return Named(plain.GenericTypeArguments[1], node, path);
        }

        return IsSection(plain) ? Section(plain, node, path) : Single(plain, property, node, path);
    }

    internal static bool IsSection(Type type) => type.IsClass && type != typeof(string) && type != typeof(Uri) && type != typeof(SecretText) && type != typeof(PeersValue);

    private object? Section(Type type, ConfigNode node, string path)
    {
        _places.TryAdd(path, (node.Line, node.Column));
        if (node is not ConfigNode.Mapping mapping)
        {
            return Fault(path, node, $"{node.Kind} stands where a section is needed.", $"write the keys below it: {string.Join(", ", type.GetProperties().Where(p => p.CanWrite).Select(KeyOf))}");
        }

        var section = Activator.CreateInstance(type)!;
        var known = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).ToDictionary(KeyOf, StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var at = path.Length == 0 ? entry.Key : $"{path}.{entry.Key}";
            if (!known.TryGetValue(entry.Key, out var property))
            {
                var near = NearName.Of(entry.Key, known.Keys);
                var fix = near is null ? $"remove it, or use one of: {string.Join(", ", known.Keys)}" : $"did you mean '{near}'?";
                _faults.Add(new(at, entry.Line, entry.Column, "unknown key.", fix));
                continue;
            }

            _places.TryAdd(at, (entry.Line, entry.Column));
            if (Value(property.PropertyType, property, entry.Value, at) is { } value)
            {
                property.SetValue(section, value);
            }
        }

        return section;
    }

    private object? List(Type item, PropertyInfo? property, ConfigNode node, string path)
    {
        if (node is not ConfigNode.Sequence sequence)
        {
            return Fault(path, node, $"{node.Kind} stands where a list is needed.", "write it as a list: [one, two]");
        }

        var values = sequence.Items.Select((n, i) => Item(item, property, n, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"))).Where(v => v is not null).ToArray();
        var typed = Array.CreateInstance(item, values.Length);
        values.CopyTo(typed, 0);
        return typeof(ConfigBinder).GetMethod(nameof(Freeze), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(item).Invoke(null, [typed]);
    }

    private object? Item(Type item, PropertyInfo? property, ConfigNode node, string path)
    {
        _places.TryAdd(path, (node.Line, node.Column));
        return node is ConfigNode.Scalar { IsNull: true } ? Missing(path, "nothing stands where an item of the list is needed.") : Value(item, property, node, path);
    }

    private object? Named(Type item, ConfigNode node, string path)
    {
        if (node is not ConfigNode.Mapping mapping)
        {
            return Fault(path, node, $"{node.Kind} stands where names with values are needed.", "write one line 'name: value' each");
        }

        var values = mapping.Entries.Select(e => (e.Key, Value: Value(item, null, e.Value, $"{path}.{e.Key}"))).Where(e => e.Value is not null).ToArray();
        return typeof(ConfigBinder).GetMethod(nameof(FreezeNamed), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(item).Invoke(null, [values]);
    }

    private object? Peers(ConfigNode node, string path) => node is ConfigNode.Scalar scalar
        ? PeersValue.OfText(scalar.Text) ?? Fault(path, node, $"'{Shortened(scalar.Text)}' is no name to look up.", "write dns:http://gateways:8377, or names with addresses")
        : Named(typeof(Uri), node, path) is ImmutableDictionary<string, Uri> named ? new PeersValue(named, null) : null;

    private object? Single(Type type, PropertyInfo? property, ConfigNode node, string path)
    {
        if (node is not ConfigNode.Scalar scalar)
        {
            return Fault(path, node, $"{node.Kind} stands where a single value is needed.", "write one value after the colon");
        }

        object? value = type switch
        {
            _ when type == typeof(string) => scalar.Text,
            _ when type == typeof(SecretText) => new SecretText(scalar.Text),
            _ when type == typeof(bool) => scalar.Text switch { "true" => true, "false" => false, _ => null },
            _ when type == typeof(int) => int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when type == typeof(TimeSpan) => Scalars.Duration(scalar.Text),
            _ when type == typeof(ByteSize) => Scalars.Size(scalar.Text),
            _ when type == typeof(Uri) => Scalars.Address(scalar.Text),
            _ => throw new NotSupportedException($"The configuration has no written form for {type.Name}."),
        };
        return value is null ? Fault(path, node, $"'{Shortened(scalar.Text)}' is not {FormOf(type)}.", ExampleOf(type)) : Held(property, value, node, path);
    }

    private object? Held(PropertyInfo? property, object value, ConfigNode node, string path)
    {
        if (property?.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed && !allowed.Values.Contains(value))
        {
            var names = allowed.Values.Cast<string>().ToArray();
            var near = NearName.Of((string)value, names);
            return Fault(path, node, $"'{Shortened((string)value)}' is none of {string.Join(" | ", names)}.", near is null ? $"write one of them, such as {names[0]}" : $"did you mean '{near}'?");
        }

        if (property?.GetCustomAttribute<RangeAttribute>() is { } range && value is int number && (number < (int)range.Minimum || number > (int)range.Maximum))
        {
            return Fault(path, node, $"{number} is out of range.", $"write a number from {range.Minimum} to {range.Maximum}");
        }

        if (property?.GetCustomAttribute<RegularExpressionAttribute>() is { } form && !Regex.IsMatch((string)value, form.Pattern, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(100)))
        {
            return Fault(path, node, $"'{Shortened((string)value)}' has another form than this needs.", $"write what matches {form.Pattern}");
        }

        return property?.GetCustomAttribute<MaxLengthAttribute>() is { } longest && ((string)value).Length > longest.Length
            ? Fault(path, node, $"this is {((string)value).Length} characters long.", $"keep it to {longest.Length}")
            : value;
    }

    private object? Missing(string path, string problem)
    {
        var (line, column) = PlaceOf(path);
        _faults.Add(new(path, line, column, problem, "write a value, or remove the key"));
        return null;
    }

    private object? Fault(string path, ConfigNode node, string problem, string fix)
    {
        _faults.Add(new(path, node.Line, node.Column, problem, fix));
        return null;
    }

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..57] + "…";

    private static string FormOf(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(int) ? "a whole number"
        : type == typeof(TimeSpan) ? "a duration"
        : type == typeof(ByteSize) ? "a size"
        : "an http:// or https:// address";

    private static string ExampleOf(Type type) =>
        type == typeof(bool) ? "write true or false"
        : type == typeof(int) ? "write digits only"
        : type == typeof(TimeSpan) ? "write a number and a unit (ms, s, m, h, d), such as 30s or 90d"
        : type == typeof(ByteSize) ? "write a number and a unit (KiB, MiB, GiB, TiB), such as 50GiB"
        : "write a whole address, such as http://127.0.0.1:8377";

    private static ImmutableArray<T> Freeze<T>(T[] items) => [.. items];

    private static ImmutableDictionary<string, T> FreezeNamed<T>((string Key, object? Value)[] items)
    {
        var named = ImmutableDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        foreach (var (key, value) in items)
        {
            named[key] = (T)value!;
        }

        return named.ToImmutable();
    }
}
