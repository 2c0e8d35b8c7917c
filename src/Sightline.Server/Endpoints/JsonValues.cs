using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Server.Errors;

namespace Sightline.Server.Endpoints;

/// <summary>Values of a JSON object, read as what they must be; what they are not is said by name. A JSON null is "not given".</summary>
internal static class JsonValues
{
    public static string? Text(this JsonObject json, string name) => Read(json, name, JsonValueKind.String, "a string", node => node.GetValue<string>());

    public static JsonObject? Object(this JsonObject json, string name) => Read(json, name, JsonValueKind.Object, "an object", node => node.AsObject());

    public static JsonArray? Array(this JsonObject json, string name) => Read(json, name, JsonValueKind.Array, "a list", node => node.AsArray());

    public static bool? Flag(this JsonObject json, string name) => json[name] switch
    {
        null => null,
        var node when node.GetValueKind() is JsonValueKind.True or JsonValueKind.False => node.GetValue<bool>(),
        _ => throw ApiException.Invalid(name, $"{name} must be true or false."),
    };

    public static double? Number(this JsonObject json, string name, double least, double most) =>
        Read(json, name, JsonValueKind.Number, "a number", node => (double?)node.GetValue<double>()) switch
        {
            null => null,
            var value when value >= least && value <= most => value,
            var value => throw ApiException.Invalid(name, $"{name} is {value}; {least} to {most} was expected."),
        };

    public static int? Whole(this JsonObject json, string name, int least, int most) => json.Number(name, least, most) switch
    {
        null => null,
        var value when value == Math.Floor(value.Value) => (int)value,
        var value => throw ApiException.Invalid(name, $"{name} is {value}; a whole number was expected."),
    };

    private static T? Read<T>(JsonObject json, string name, JsonValueKind kind, string expected, Func<JsonNode, T> read) => json[name] switch
    {
        null => default,
        var node when node.GetValueKind() == kind => read(node),
        _ => throw ApiException.Invalid(name, $"{name} must be {expected}."),
    };
}
