using System.Text.Json.Nodes;

namespace Sightline.Data.Shapes;

/// <summary>What a picture of the demo set shows; enough to tell a true caption from a false one.</summary>
public sealed class ShapesScene
{
    private static readonly string[] s_faults = ["blur", "dim", "smear", "night", "glare", "finger"];

    /// <summary>1 (learned in minutes) or 2 (all shapes, colours, grounds and synonyms).</summary>
    public required int Level { get; init; }

    /// <summary><c>one</c>, <c>pair</c>, <c>count</c>, <c>inside</c> or <c>severe</c> (spoilt beyond recognition).</summary>
    public required string Kind { get; init; }

    /// <summary>The ground: <c>plain</c>, <c>blue</c>, <c>dark</c>, <c>wood</c>, <c>grass</c> or <c>checks</c>.</summary>
    public required string Ground { get; init; }

    /// <summary>The photo's fault: <c>blur</c> or <c>dim</c> (mild), <c>smear</c>, <c>night</c>, <c>glare</c> or <c>finger</c> (severe); null for none.</summary>
    public string? Fault { get; init; }

    /// <summary>The things shown. In a pair the first stands in <see cref="Relation"/> to the second; with <c>inside</c> the first is in the second.</summary>
    public required IReadOnlyList<ShapesObject> Objects { get; init; }

    /// <summary><c>left</c>, <c>right</c>, <c>above</c> or <c>below</c> in a pair; otherwise null.</summary>
    public string? Relation { get; init; }

    /// <summary>The scene as it stands in an annotation file, keys in the order of the reference generator.</summary>
    public JsonObject ToJson()
    {
        var objects = new JsonArray();
        foreach (var o in Objects)
        {
            var json = new JsonObject { ["colour"] = o.Colour, ["shape"] = o.Shape, ["size"] = o.Size };
            if (o.Place is { } place)
                json["place"] = place;
            if (Kind != "inside")
                json["rad"] = o.Radius;
            json["x"] = o.X;
            json["y"] = o.Y;
            if (Kind == "inside")
                json["rad"] = o.Radius;
            objects.Add((JsonNode)json);
        }

        var scene = new JsonObject { ["level"] = Level, ["kind"] = Kind, ["ground"] = Ground, ["fault"] = Fault, ["objects"] = objects };
        if (Relation is not null)
            scene["relation"] = Relation;
        return scene;
    }

    /// <summary>Reads a scene from an annotation file.</summary>
    /// <exception cref="DatasetException">A value is missing or not one that the generator makes.</exception>
    public static ShapesScene FromJson(JsonObject json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            var objects = json["objects"]!.AsArray().Select(node => new ShapesObject(
                OneOf(node!, "colour", ShapesWords.Colours.Keys), OneOf(node!, "shape", ShapesWords.Shapes), OneOf(node!, "size", ShapesWords.Sizes.Keys),
                (double)node!["rad"]!, (double)node["x"]!, (double)node["y"]!, Place(node["place"]))).ToList();
            var scene = new ShapesScene
            {
                Level = (int)json["level"]!,
                Kind = OneOf(json, "kind", ShapesWords.Kinds),
                Ground = OneOf(json, "ground", ShapesWords.Grounds.Keys),
                Fault = json["fault"] is null ? null : OneOf(json, "fault", s_faults),
                Objects = objects,
                Relation = json["relation"] is null ? null : OneOf(json, "relation", ShapesWords.Relations.Keys),
            };
            scene.Validate();
            return scene;
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new DatasetException("a scene lacks a value, or one is of the wrong type; is this a file of the shapes generator?", e);
        }
    }

    private void Validate()
    {
        var (least, most) = Kind switch { "one" or "severe" => (1, 1), "count" => (2, 5), _ => (2, 2) };
        if (Level is not (1 or 2))
            throw new DatasetException($"a scene has level {Level}; expected 1 or 2.");
        if (Objects.Count < least || Objects.Count > most)
            throw new DatasetException($"a scene of kind '{Kind}' has {Objects.Count} objects; expected {least} to {most}.");
        if (Kind == "pair" && Relation is null)
            throw new DatasetException("a scene of kind 'pair' has no relation; expected left, right, above or below.");
        if (Kind == "one" && Objects[0].Place is null)
            throw new DatasetException("a scene of kind 'one' has no place; expected 0 to 8.");
        if (Kind == "severe" && Fault is null or "blur" or "dim")
            throw new DatasetException("a scene of kind 'severe' has no severe fault; expected smear, night, glare or finger.");
    }

    private static int? Place(JsonNode? node)
    {
        if (node is null)
            return null;
        var place = (int)node;
        return place is >= 0 and <= 8 ? place : throw new DatasetException($"a scene has place {place}; expected 0 to 8.");
    }

    private static string OneOf(JsonNode node, string key, IEnumerable<string> allowed)
    {
        var value = (string)node[key]!;
        return allowed.Contains(value) ? value : throw new DatasetException($"a scene has {key} '{value}'; expected one of {string.Join(", ", allowed)}.");
    }
}
