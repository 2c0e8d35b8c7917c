namespace Sightline.Data.Shapes;

/// <summary>What a level of the demo set may show.</summary>
internal sealed class ShapesLevel
{
    public required string[] Shapes { get; init; }
    public required string[] Colours { get; init; }
    public required string[] Grounds { get; init; }

    /// <summary>The kinds of scene and how many of a hundred are of each.</summary>
    public required (string Kind, int Percent)[] Kinds { get; init; }

    /// <summary>How many of a hundred recognisable pictures are blurred, and as many again dim.</summary>
    public required int MildFaultPercent { get; init; }

    /// <summary>How many words of each list of synonyms are used.</summary>
    public required int Synonyms { get; init; }

    public required (double From, double To) SmallRadius { get; init; }
    public required (double From, double To) LargeRadius { get; init; }

    public static ShapesLevel Of(int level) => level switch
    {
        1 => s_one,
        2 => s_two,
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "The level is 1 or 2."),
    };

    private static readonly ShapesLevel s_one = new()
    {
        Shapes = ["circle", "square", "triangle", "ring"],
        Colours = ["red", "green", "blue", "yellow", "orange", "black"],
        Grounds = ["plain", "blue", "dark"],
        Kinds = [("one", 55), ("pair", 35), ("severe", 10)],
        MildFaultPercent = 0,
        Synonyms = 1,
        SmallRadius = (.13, .15),
        LargeRadius = (.21, .24),
    };

    private static readonly ShapesLevel s_two = new()
    {
        Shapes = ShapesWords.Shapes,
        Colours = [.. ShapesWords.Colours.Keys],
        Grounds = [.. ShapesWords.Grounds.Keys],
        Kinds = [("one", 34), ("pair", 34), ("count", 15), ("inside", 9), ("severe", 8)],
        MildFaultPercent = 8,
        Synonyms = 9,
        SmallRadius = (.10, .12),
        LargeRadius = (.19, .23),
    };
}
