namespace Sightline.Data.Shapes;

/// <summary>Which demo set to make.</summary>
public sealed record ShapesOptions
{
    /// <summary>1: four shapes, six colours, learned in minutes. 2: eight shapes, ten colours, counts, synonyms, mild faults. Default 1.</summary>
    public int Level { get; init; } = 1;

    /// <summary>The side of the square pictures in pixels, 8 to 1024. Default 32.</summary>
    public int Size { get; init; } = 32;

    /// <summary>The seed; the same seed gives the same set on every machine. Default 7.</summary>
    public ulong Seed { get; init; } = 7;

    /// <summary>Pictures of the training part, 0 to 10,000,000. Default 12,000.</summary>
    public int Train { get; init; } = 12_000;

    /// <summary>Pictures of the part <c>val</c>, 0 to 10,000,000. Default 500.</summary>
    public int Val { get; init; } = 500;

    /// <summary>Pictures of the part <c>heldout</c>, 0 to 10,000,000. Default 500.</summary>
    public int Heldout { get; init; } = 500;

    /// <summary>Pictures of a part.</summary>
    public int Count(ShapesPart part) => part switch
    {
        ShapesPart.Train => Train,
        ShapesPart.Val => Val,
        _ => Heldout,
    };

    /// <summary>Checks every value.</summary>
    /// <exception cref="ConfigurationException">A value is out of range; all of them are named.</exception>
    public void Validate()
    {
        var problems = new List<string>();
        if (Level is not (1 or 2))
            problems.Add($"level is {Level}, expected 1 or 2");
        if (Size is < 8 or > 1024)
            problems.Add($"size is {Size}, expected 8 to 1024");
        foreach (var part in Enum.GetValues<ShapesPart>())
        {
            if (Count(part) is < 0 or > ShapesDataset.PartStride)
                problems.Add($"{part.ToString().ToLowerInvariant()} is {Count(part)}, expected 0 to {ShapesDataset.PartStride}");
        }

        if (problems.Count > 0)
            throw new ConfigurationException($"shapes: {string.Join("; ", problems)}.");
    }
}
