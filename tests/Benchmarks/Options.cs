using System.Globalization;

namespace McpLedger.Benchmarks;

/// <summary>The options of a verb: <c>--name value</c>, or <c>--name</c> alone.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string?> _options = [];

    public Options(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                throw new OptionException($"'{arguments[i]}' is no option.");
            }

            var hasValue = i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal);
            _options[arguments[i][2..]] = hasValue ? arguments[i + 1] : null;
            i += hasValue ? 1 : 0;
        }
    }

    public bool Has(string name) => _options.ContainsKey(name);

    public string? Value(string name) => _options.GetValueOrDefault(name);

    /// <exception cref="OptionException">The option is not given, or without a value.</exception>
    public string Required(string name, string what) => Value(name) ?? throw new OptionException($"--{name} is needed: {what}.");

    /// <exception cref="OptionException">What is given is no whole number.</exception>
    public int Number(string name, int otherwise) => Value(name) is { } text ? Whole(name, text) : otherwise;

    /// <summary>Whole numbers with commas between them; null where the option is not given.</summary>
    /// <exception cref="OptionException">One of them is no whole number.</exception>
    public int[]? Numbers(string name) => Value(name) is { } text ? [.. text.Split(',').Select(each => Whole(name, each))] : null;

    private static int Whole(string name, string text) => int.TryParse(text, NumberStyles.Integer | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new OptionException($"--{name}: '{text}' is no whole number.");
}

/// <summary>A benchmark was asked for something it cannot do; the message says what to give.</summary>
internal sealed class OptionException(string message) : Exception(message);
