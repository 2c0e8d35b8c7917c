using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Hub;

namespace Sightline.Training.Cli.Runs;

/// <summary>Reads a section of a run file and notes all that is wrong with it.</summary>
/// <param name="json">The section.</param>
/// <param name="section">Its name, for messages.</param>
/// <param name="folder">What relative paths start from.</param>
/// <param name="faults">Gets what is wrong.</param>
internal sealed class SectionReader(JsonObject json, string section, string folder, List<string> faults)
{
    private readonly List<string> _known = [];

    public bool Has(string name) => json[name] is not null;

    public string? Text(string name) => Value(name, JsonValueKind.String, "a text")?.GetValue<string>();

    public string? FullPath(string name) => Text(name) is { Length: > 0 } path ? Path.GetFullPath(path, folder) : null;

    /// <summary>A folder by its full path, or a model of the hub by its name; a folder of that name wins.</summary>
    public string? Model(string name) =>
        Text(name) is { } text && HubModelName.TryParse(text, out _) && !Directory.Exists(Path.GetFullPath(text, folder)) ? text : FullPath(name);

    public JsonObject? Object(string name) => Value(name, JsonValueKind.Object, "an object")?.AsObject();

    public bool Flag(string name)
    {
        _known.Add(name);
        if (json[name] is not { } node)
            return false;
        if (node.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
            faults.Add($"{section}.{name} is {node.ToJsonString()}; true or false was expected");
        return node.GetValueKind() == JsonValueKind.True;
    }

    public int? Number(string name)
    {
        if (Value(name, JsonValueKind.Number, "a whole number") is not { } node)
            return null;
        if (int.TryParse(node.ToJsonString(), out var number))
            return number;
        faults.Add($"{section}.{name} is {node.ToJsonString()}; a whole number was expected");
        return null;
    }

    /// <summary>A value of an enumeration by its name in small letters.</summary>
    public T Choice<T>(string name, T fallback) where T : struct, Enum
    {
        if (Text(name) is not { } text)
            return fallback;
        foreach (var value in Enum.GetValues<T>())
        {
            if (NameOf(value) == text)
                return value;
        }

        faults.Add($"{section}.{name} is \"{text}\"; {string.Join(", ", Enum.GetValues<T>().Select(NameOf))} was expected");
        return fallback;
    }

    /// <summary>Names are spelled <c>torch110</c>, <c>keep</c>.</summary>
    public static string NameOf<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>Notes a fault of this section.</summary>
    public void Fault(string what) => faults.Add($"{section}: {what}");

    /// <summary>Notes names that nothing asked for.</summary>
    public void RefuseOthers()
    {
        foreach (var (name, _) in json.Where(pair => !_known.Contains(pair.Key)))
            faults.Add($"{section}.{name} is not known; {string.Join(", ", _known)} can be set");
    }

    private JsonNode? Value(string name, JsonValueKind kind, string expected)
    {
        _known.Add(name);
        if (json[name] is not { } node)
            return null;
        if (node.GetValueKind() == kind)
            return node;
        faults.Add($"{section}.{name} is {node.ToJsonString()}; {expected} was expected");
        return null;
    }
}
