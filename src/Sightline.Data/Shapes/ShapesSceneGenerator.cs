namespace Sightline.Data.Shapes;

/// <summary>Draws scenes. The order of the draws is the definition of the demo set and must not change.</summary>
internal static class ShapesSceneGenerator
{
    private static readonly string[] s_sizes = ["small", "large"];
    private static readonly string[] s_containers = ["circle", "square", "diamond"];
    private static readonly string[] s_severeFaults = ["smear", "night", "glare", "finger"];
    private static readonly string[] s_relations = [.. ShapesWords.Relations.Keys];

    /// <param name="seed">The set's seed.</param>
    /// <param name="index">The picture's number over all parts.</param>
    /// <param name="heldout">True: the scene has a held-out colour-shape pair; false: it has none.</param>
    /// <param name="level">1 or 2.</param>
    public static ShapesScene Make(ulong seed, int index, bool heldout, int level)
    {
        var random = SplitMix64.Stream(seed, (ulong)index, 1);
        var rules = ShapesLevel.Of(level);
        while (true)
        {
            var scene = Draw(random, rules, level, heldout);
            if (!heldout || (scene.Kind != "severe" && scene.Objects.Any(o => ShapesWords.IsHeldOut(o.Colour, o.Shape))))
                return scene;
        }
    }

    private static ShapesScene Draw(SplitMix64 random, ShapesLevel rules, int level, bool heldout)
    {
        var kind = Kind(random, rules);
        var ground = random.Pick(rules.Grounds);
        string? relation = null;
        string? fault = null;
        List<ShapesObject> objects;
        switch (kind)
        {
            case "one":
                objects = [One(random, rules, ground, heldout)];
                break;
            case "pair":
                (objects, relation) = Pair(random, rules, ground, heldout);
                break;
            case "count":
                objects = Count(random, rules, ground, heldout);
                break;
            case "inside":
                objects = Inside(random, rules, ground, heldout);
                break;
            default:
                var thing = Object(random, rules, ground, heldout: false);
                var radius = Radius(random, rules, thing.Size);
                var (x, y) = Spot(random, random.NextInt(9), radius);
                objects = [thing with { Radius = radius, X = x, Y = y }];
                fault = random.Pick(s_severeFaults);
                break;
        }

        if (kind != "severe")
        {
            var u = random.NextInt(100);
            fault = u < rules.MildFaultPercent ? "blur" : u < 2 * rules.MildFaultPercent ? "dim" : null;
        }

        return new ShapesScene { Level = level, Kind = kind, Ground = ground, Fault = fault, Objects = objects, Relation = relation };
    }

    private static string Kind(SplitMix64 random, ShapesLevel rules)
    {
        var t = random.NextInt(100);
        foreach (var (kind, percent) in rules.Kinds)
        {
            if (t < percent)
                return kind;
            t -= percent;
        }

        throw new InvalidOperationException("The percentages of the kinds do not add up to 100.");
    }

    private static ShapesObject One(SplitMix64 random, ShapesLevel rules, string ground, bool heldout)
    {
        var thing = Object(random, rules, ground, heldout);
        var place = random.NextInt(9);
        var radius = Radius(random, rules, thing.Size);
        var (x, y) = Spot(random, place, radius);
        return thing with { Place = place, Radius = radius, X = x, Y = y };
    }

    private static (List<ShapesObject> Objects, string Relation) Pair(SplitMix64 random, ShapesLevel rules, string ground, bool heldout)
    {
        var a = Object(random, rules, ground, heldout);
        var b = Object(random, rules, ground, heldout, avoidColour: a.Colour);
        var relation = random.Pick(s_relations);
        var near = random.Span(.24, .30);
        var far = random.Span(.70, .76);
        var middle = random.Span(.42, .58);
        var shift = random.Span(-.05, .05);
        a = a with { Radius = Radius(random, rules, a.Size) * .95 };
        b = b with { Radius = Radius(random, rules, b.Size) * .95 };
        var (first, second) = relation is "left" or "right" ? ((near, middle), (far, middle + shift)) : ((middle, near), (middle + shift, far));
        if (relation is "right" or "below")
            (first, second) = (second, first);
        return ([a with { X = first.Item1, Y = first.Item2 }, b with { X = second.Item1, Y = second.Item2 }], relation);
    }

    private static List<ShapesObject> Count(SplitMix64 random, ShapesLevel rules, string ground, bool heldout)
    {
        var thing = Object(random, rules, ground, heldout, size: "small");
        var count = 2 + random.NextInt(4);
        var cells = Enumerable.Range(0, 9).ToList();
        var objects = new List<ShapesObject>(count);
        for (var k = 0; k < count; k++)
        {
            var position = random.NextInt(cells.Count);
            var cell = cells[position];
            cells.RemoveAt(position);
            var radius = Radius(random, rules, "small");
            var (x, y) = Spot(random, cell, radius);
            objects.Add(thing with { Radius = radius, X = x, Y = y });
        }

        return objects;
    }

    private static List<ShapesObject> Inside(SplitMix64 random, ShapesLevel rules, string ground, bool heldout)
    {
        var a = Object(random, rules, ground, heldout, size: "small");
        var b = Object(random, rules, ground, heldout, a.Colour, "large", s_containers);
        var x = random.Span(.42, .58);
        var y = random.Span(.42, .58);
        return [a with { X = x, Y = y, Radius = .13 }, b with { X = x, Y = y, Radius = .36 }];
    }

    private static ShapesObject Object(
        SplitMix64 random, ShapesLevel rules, string ground, bool heldout, string? avoidColour = null, string? size = null, string[]? shapes = null)
    {
        while (true)
        {
            var colour = random.Pick(rules.Colours);
            var shape = random.Pick(shapes ?? rules.Shapes);
            if (ShapesWords.Clash(colour, ground) || colour == avoidColour || (!heldout && ShapesWords.IsHeldOut(colour, shape)))
                continue;
            return new ShapesObject(colour, shape, size ?? random.Pick(s_sizes), 0, 0, 0);
        }
    }

    private static double Radius(SplitMix64 random, ShapesLevel rules, string size)
    {
        var (from, to) = size == "small" ? rules.SmallRadius : rules.LargeRadius;
        return random.Span(from, to);
    }

    private static (double X, double Y) Spot(SplitMix64 random, int cell, double radius)
    {
        var x = 1.0 / 6 + cell % 3 / 3.0 + random.Span(-.04, .04);
        var y = 1.0 / 6 + cell / 3 / 3.0 + random.Span(-.04, .04);
        return (Math.Min(Math.Max(x, radius + .02), .98 - radius), Math.Min(Math.Max(y, radius + .02), .98 - radius));
    }
}
