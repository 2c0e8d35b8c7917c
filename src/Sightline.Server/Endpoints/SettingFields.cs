using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Generation;
using Sightline.Server.Errors;

namespace Sightline.Server.Endpoints;

/// <summary>Generation settings from query and form fields, by their Hugging Face names.</summary>
internal static class SettingFields
{
    /// <summary>Reads settings; an empty value is "not given".</summary>
    /// <exception cref="ConfigurationException">Unknown names and values that cannot be read, all in one line.</exception>
    /// <exception cref="ApiException">A name is given twice.</exception>
    public static GenerationOptions Read(IEnumerable<KeyValuePair<string, string>> fields)
    {
        var json = new JsonObject();
        foreach (var (name, value) in fields)
        {
            if (value.Length == 0)
                continue;
            if (json.ContainsKey(name))
                throw ApiException.Invalid(name, $"{name} is given more than once.");
            json[name] = Parse(value);
        }

        return GenerationOptions.FromJson(json, "request");
    }

    private static JsonNode? Parse(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return value; // a word: its reader says what it needs
        }
    }
}
