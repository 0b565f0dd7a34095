using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;

namespace McpLedger.Host.Configuration;

/// <summary>The table of every key in <c>compose/README.md</c>, made from the records that bind the file.</summary>
internal static class ConfigReference
{
    public static string Write()
    {
        var table = new StringBuilder("| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
        Section(table, typeof(ConfigFile), new ConfigFile(), "");
        return table.ToString();
    }

    private static void Section(StringBuilder table, Type type, object defaults, string path)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            var value = property.GetValue(defaults);
            var of = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var at = path + ConfigBinder.KeyOf(property);
            var written = ConfigSchema.DefaultOf(value)?.ToString();
            table.Append("| `").Append(at).Append("` | ")
                .Append(Escaped(property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed ? string.Join(" | ", allowed.Values) : FormOf(of))).Append(" | ")
                .Append(written is null ? "" : $"`{(value is bool ? ConfigSchema.DefaultOf(value)!.ToJsonString() : written)}`").Append(" | ")
                .Append(Escaped(property.GetCustomAttribute<DescriptionAttribute>()!.Description)).Append(" |\n");
            Inner(table, of, value, at);
        }
    }

    private static void Inner(StringBuilder table, Type type, object? value, string at)
    {
        if (ConfigBinder.IsSection(type) && !type.IsGenericType)
        {
            Section(table, type, value ?? Activator.CreateInstance(type)!, at + ".");
        }
        else if (type.IsGenericType && ConfigBinder.IsSection(type.GenericTypeArguments[^1]))
        {
            var item = type.GenericTypeArguments[^1];
            Section(table, item, Activator.CreateInstance(item)!, type.GenericTypeArguments.Length == 1 ? at + "[]." : at + ".{name}.");
        }
    }

    private static string FormOf(Type type) => type switch
    {
        _ when type == typeof(bool) => "true | false",
        _ when type == typeof(int) => "number",
        _ when type == typeof(TimeSpan) => "duration",
        _ when type == typeof(ByteSize) => "size",
        _ when type == typeof(Uri) => "address",
        _ when type == typeof(PeersValue) => "names → address, or dns:address",
        _ when type == typeof(string) || type == typeof(SecretText) => "text",
        _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) => ConfigBinder.IsSection(type.GenericTypeArguments[0]) ? "list of sections" : "list",
        _ when type.IsGenericType => $"names → {FormOf(type.GenericTypeArguments[1])}",
        _ => "section",
    };

    private static string Escaped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
