using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sightline.Configuration;

/// <summary>
/// Reads typed values from one JSON object of a configuration file and collects every fault, so that they are reported together.
/// </summary>
internal sealed class ConfigReader
{
    private readonly JsonObject _values;
    private readonly string _prefix;
    private readonly List<string> _faults;

    public ConfigReader(JsonObject values, string prefix = "", List<string>? faults = null)
    {
        _values = values;
        _prefix = prefix;
        _faults = faults ?? [];
    }

    /// <summary>Faults found so far, this reader's and those of its sections.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The nested object <paramref name="name"/>; a fault and an empty one if it is missing or not an object.</summary>
    public ConfigReader Section(string name)
    {
        if (_values[name] is JsonObject nested)
            return new ConfigReader(nested, $"{_prefix}{name}.", _faults);
        _faults.Add($"{_prefix}{name} is {Describe(_values[name])}; an object was expected");
        return new ConfigReader([], $"{_prefix}{name}.", _faults);
    }

    public bool Has(string name) => _values[name] is not null;

    public int Int(string name, int fallback, int min, int max) => NullableInt(name, min, max) ?? fallback;

    public int? NullableInt(string name, int min, int max)
    {
        if (!_values.TryGetPropertyValue(name, out var node) || node is null)
            return null;
        if (node.GetValueKind() == JsonValueKind.Number && TryInteger(node, out var number))
        {
            if (number >= min && number <= max)
                return (int)number;
            _faults.Add($"{_prefix}{name} is {number}; {min} to {max} was expected");
            return null;
        }

        _faults.Add($"{_prefix}{name} is {Describe(node)}; a whole number was expected");
        return null;
    }

    public double Double(string name, double fallback, double min, double max)
    {
        if (!_values.TryGetPropertyValue(name, out var node) || node is null)
            return fallback;
        if (node.GetValueKind() == JsonValueKind.Number && TryReal(node, out var number) && number >= min && number <= max)
            return number;
        _faults.Add($"{_prefix}{name} is {Describe(node)}; a number from {min} to {max} was expected");
        return fallback;
    }

    public bool Bool(string name, bool fallback)
    {
        if (!_values.TryGetPropertyValue(name, out var node) || node is null)
            return fallback;
        if (node.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return node.GetValueKind() == JsonValueKind.True;
        _faults.Add($"{_prefix}{name} is {Describe(node)}; true or false was expected");
        return fallback;
    }

    public string? String(string name)
    {
        if (!_values.TryGetPropertyValue(name, out var node) || node is null)
            return null;
        if (node.GetValueKind() == JsonValueKind.String)
            return node.GetValue<string>();
        _faults.Add($"{_prefix}{name} is {Describe(node)}; a string was expected");
        return null;
    }

    public void Fault(string text) => _faults.Add(_prefix + text);

    /// <summary>Throws one line that lists every fault of the file.</summary>
    public void ThrowIfFaulty(string file)
    {
        if (_faults.Count > 0)
            throw new ConfigurationException(
                $"{file}: {_faults.Count} {(_faults.Count == 1 ? "problem" : "problems")}: {string.Join("; ", _faults)}.");
    }

    // The text is read, since a value made in memory gives itself out only as the type it was made of.
    private static bool TryReal(JsonNode value, out double number) =>
        double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    // 12, 12.0 and 1.2e1 all are whole numbers.
    private static bool TryInteger(JsonNode value, out long number)
    {
        if (TryReal(value, out var real) && Math.Abs(real) < 1L << 53 && real == Math.Floor(real))
        {
            number = (long)real;
            return true;
        }

        number = 0;
        return false;
    }

    private static string Describe(JsonNode? node)
    {
        if (node is null)
            return "missing";
        var text = node.ToJsonString();
        return text.Length <= 40 ? text : text[..37] + "...";
    }
}
