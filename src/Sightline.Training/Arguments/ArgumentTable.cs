using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Training.Optimization;

namespace Sightline.Training;

/// <summary>The arguments as names and values: files, command line, and back.</summary>
internal static class ArgumentTable
{
    private static readonly Dictionary<object, string> s_specialNames = new()
    {
        [OptimizerKind.AdamWHf] = "adamw_hf",
        [OptimizerKind.AdamWTorch] = "adamw_torch",
        [OptimizerKind.AdamTorch] = "adam_torch",
    };

    private static readonly Dictionary<string, PropertyInfo> s_properties = typeof(TrainingArguments)
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite)
        .ToDictionary(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));

    public static IReadOnlyList<string> Names { get; } = [.. s_properties.Keys];

    /// <summary>The name of an enumeration's value in files: <c>linear</c>, <c>adamw_hf</c>.</summary>
    public static string NameOf(Enum value) => s_specialNames.GetValueOrDefault(value) ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>What an argument takes and its default, for a help text: <c>a whole number; default 8.</c></summary>
    public static string Describe(string name)
    {
        var standard = s_properties[name].GetValue(new TrainingArguments()) switch
        {
            null => "null",
            Enum value => NameOf(value),
            IEnumerable<string> => "none",
            var value => Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant(),
        };
        return $"{Expected(s_properties[name])}; default {standard}.";
    }

    public static TrainingArguments Read(JsonObject json, string source, TrainingArguments basis)
    {
        var result = basis with { };
        var faults = new List<string>();
        foreach (var (name, node) in json)
        {
            if (!s_properties.TryGetValue(name, out var property))
                faults.Add(Unknown(name));
            else if (TryConvert(property, node, out var value))
                property.SetValue(result, value);
            else
                faults.Add($"{name} is {node?.ToJsonString() ?? "null"}; {Expected(property)} was expected");
        }

        return faults.Count == 0
            ? result
            : throw new ConfigurationException($"{source}: {faults.Count} {(faults.Count == 1 ? "problem" : "problems")}: {string.Join("; ", faults)}.");
    }

    public static TrainingArguments With(TrainingArguments basis, string name, string text)
    {
        name = name.Replace('-', '_');
        if (!s_properties.TryGetValue(name, out var property))
            throw new ConfigurationException($"--{Unknown(name)}.");
        if (!TryConvert(property, Node(property, text), out var value))
            throw new ConfigurationException($"--{name} is '{text}'; {Expected(property)} was expected.");
        var result = basis with { };
        property.SetValue(result, value);
        return result;
    }

    public static JsonObject Write(TrainingArguments arguments)
    {
        var json = new JsonObject();
        foreach (var (name, property) in s_properties)
        {
            json[name] = property.GetValue(arguments) switch
            {
                null => null,
                Enum value => NameOf(value),
                bool value => value,
                int value => value,
                long value => value,
                double value => value,
                string value => value,
                IEnumerable<string> values => new JsonArray([.. values.Select(value => (JsonNode)value)]),
                var other => throw new InvalidOperationException($"{name} has the type {other.GetType().Name}"),
            };
        }

        return json;
    }

    private static JsonNode? Node(PropertyInfo property, string text)
    {
        var type = Underlying(property);
        if (text is "null" or "None" && AllowsNull(property))
            return null;
        if (type == typeof(bool))
            return text.ToLowerInvariant() switch { "true" or "1" or "yes" or "" => true, "false" or "0" or "no" => false, _ => text };
        if (type == typeof(int) || type == typeof(long) || type == typeof(double))
            return double.TryParse(text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : text;
        return type == typeof(IReadOnlyList<string>) ? new JsonArray([.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(part => (JsonNode)part)]) : text;
    }

    private static bool TryConvert(PropertyInfo property, JsonNode? node, out object? value)
    {
        value = null;
        if (node is null)
            return AllowsNull(property);
        var (type, kind) = (Underlying(property), node.GetValueKind());
        if (type == typeof(string) && kind == JsonValueKind.String)
            value = node.GetValue<string>();
        else if (type == typeof(bool) && kind is JsonValueKind.True or JsonValueKind.False)
            value = kind == JsonValueKind.True;
        else if (type.IsEnum && kind == JsonValueKind.String)
            value = Enum.GetValues(type).Cast<Enum>().FirstOrDefault(option => NameOf(option) == node.GetValue<string>());
        else if (kind == JsonValueKind.Number && double.TryParse(node.ToJsonString(), CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            value = type == typeof(double) ? number
                : number != Math.Floor(number) ? null
                : type == typeof(int) && Math.Abs(number) <= int.MaxValue ? (object)(int)number
                : type == typeof(long) && Math.Abs(number) < 1L << 53 ? (long)number : null;
        else if (type == typeof(IReadOnlyList<string>) && node is JsonArray array && array.All(item => item?.GetValueKind() == JsonValueKind.String))
            value = array.Select(item => item!.GetValue<string>()).ToList();
        return value is not null;
    }

    private static string Unknown(string name)
    {
        var near = Names.Where(known => known.Contains(name, StringComparison.Ordinal) || name.Contains(known, StringComparison.Ordinal)).Take(3).ToList();
        return $"{name} is not an argument{(near.Count > 0 ? $" (did you mean {string.Join(", ", near)}?)" : "")}";
    }

    private static string Expected(PropertyInfo property)
    {
        var type = Underlying(property);
        var text = type.IsEnum ? string.Join(", ", Enum.GetValues(type).Cast<Enum>().Select(NameOf))
            : type == typeof(bool) ? "true or false"
            : type == typeof(double) ? "a number"
            : type == typeof(string) ? "a text"
            : type == typeof(IReadOnlyList<string>) ? "a list of texts" : "a whole number";
        return AllowsNull(property) ? text + " or null" : text;
    }

    private static Type Underlying(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    private static bool AllowsNull(PropertyInfo property) => new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
}
