namespace Sightline.Hub;

/// <summary>What the files of a model do not say, for its card on the hub. What is null or empty is said to be unknown.</summary>
public sealed record RepositoryFacts
{
    /// <summary>Licence of the weights as the hub spells it, e.g. <c>apache-2.0</c>.</summary>
    public string? License { get; init; }

    /// <summary>Language code of the captions, e.g. <c>en</c>.</summary>
    public string? Language { get; init; }

    /// <summary>The models it started from, by their names on the hub.</summary>
    public IReadOnlyList<string> BaseModels { get; init; } = [];

    /// <summary>The data sets it was trained with, by their names on the hub.</summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];
}
