using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace McpLedger.Host.Configuration;

/// <summary>Writes a configuration as YAML that <see cref="ConfigReader"/> reads back to the same; defaults are left out.</summary>
internal static partial class ConfigWriter
{
    private const string FirstLine = "# yaml-language-server: $schema=./mcpledger.schema.json (made by: mcpledger doctor --print-schema)\n";

    private static readonly JsonSerializerOptions Quotes = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="file">What to write.</param>
    /// <param name="comments">What to say above a top-level section, by its key.</param>
    public static string Write(ConfigFile file, IReadOnlyDictionary<string, string> comments)
    {
        var text = new StringBuilder(FirstLine);
        foreach (var (key, value) in Written(file, new ConfigFile()))
        {
            text.Append('\n');
            foreach (var line in comments.GetValueOrDefault(key)?.Split('\n') ?? [])
            {
                text.Append("# ").Append(line).Append('\n');
            }

            Put(text, key, value, 0);
        }

        return text.ToString();
    }

    private static IEnumerable<(string Key, object Value)> Written(object section, object defaults) =>
        from property in section.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.CanWrite
        let value = property.GetValue(section)
        let left = property.GetValue(defaults)
        where value is not null && !Equals(value, left) && !(IsEmpty(value) && (left is null || IsEmpty(left)))
        select (ConfigBinder.KeyOf(property), value);

    private static bool IsEmpty(object value) => value is not string && value is IEnumerable items && !items.Cast<object>().Any();

    private static void Put(StringBuilder text, string key, object written, int indent)
    {
        var value = written is PeersValue peers ? (object?)peers.Text ?? peers.Named : written;
        text.Append(' ', indent).Append(Scalar(key)).Append(':');
        if (Single(value) is { } single)
        {
            text.Append(' ').Append(single).Append('\n');
            return;
        }

        if (value is IEnumerable items && NamesOf(items) is { } named)
        {
            text.Append('\n');
            foreach (var (name, item) in named)
            {
                Put(text, name, item, indent + 2);
            }

            return;
        }

        if (value is IEnumerable list)
        {
            PutList(text, [.. list.Cast<object>()], indent);
            return;
        }

        text.Append('\n');
        foreach (var (inner, item) in Written(value, Activator.CreateInstance(value.GetType())!))
        {
            Put(text, inner, item, indent + 2);
        }
    }

    private static void PutList(StringBuilder text, object[] items, int indent)
    {
        if (items.All(i => Single(i) is not null))
        {
            text.Append(" [").AppendJoin(", ", items.Select(Single)).Append("]\n");
            return;
        }

        text.Append('\n');
        foreach (var item in items)
        {
            text.Append(' ', indent + 2).Append("- ").Append(Flow(item)).Append('\n');
        }
    }

    private static string Flow(object value) => Single(value)
        ?? (value is IEnumerable list
            ? $"[{string.Join(", ", list.Cast<object>().Select(Flow))}]"
            : $"{{ {string.Join(", ", Written(value, Activator.CreateInstance(value.GetType())!).Select(w => $"{w.Key}: {Flow(w.Value)}"))} }}");

    private static List<(string Name, object Value)>? NamesOf(IEnumerable items) => items is IDictionary dictionary
        ? [.. dictionary.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(k => (k, dictionary[k]!))]
        : null;

    private static string? Single(object value) => value switch
    {
        string text => Scalar(text),
        SecretText text => Scalar(text.Template),
        bool flag => flag ? "true" : "false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        TimeSpan span => Scalars.Write(span),
        ByteSize size => Scalars.Write(size),
        Uri uri => Scalar(uri.OriginalString),
        _ => null,
    };

    private static string Scalar(string text) => Plain().IsMatch(text) && !Ambiguous().IsMatch(text) ? text : JsonSerializer.Serialize(text, Quotes);

    [GeneratedRegex("^[A-Za-z_./][A-Za-z0-9_./-]*(:[/0-9][A-Za-z0-9_./:-]*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex("^(true|false|null|yes|no|on|y|n|~|\\.inf|\\.nan)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Ambiguous();
}
