namespace Sightline.ModelCards;

/// <summary>What a <see cref="TrainerCard"/> says of a model beside its settings and log.</summary>
public sealed record TrainerCardOptions
{
    /// <summary>The heading and the name in the metadata.</summary>
    public string ModelName { get; init; } = "model";

    /// <summary>Languages, e.g. <c>en</c>.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Licence, e.g. <c>apache-2.0</c>.</summary>
    public string? License { get; init; }

    /// <summary>Tags; <c>generated_from_trainer</c> is added where it is missing.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The model that training began with; an empty text where its name is not known; null where it began from nothing.</summary>
    public string? FinetunedFrom { get; init; } = "";

    /// <summary>Names of the data sets, as the text gives them; none: "an unknown dataset".</summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];

    /// <summary>Their ids on the hub.</summary>
    public IReadOnlyList<string> DatasetTags { get; init; } = [];

    /// <summary>Their configurations, for the metadata.</summary>
    public IReadOnlyList<string> DatasetArguments { get; init; } = [];

    /// <summary>Hub tasks, e.g. <c>summarization</c>; only the 13 that 4.17 knows lead to results in the metadata, and <c>image-to-text</c> is none of them.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>Settings in the order of the card, with their values as text.</summary>
    public IReadOnlyList<(string Name, string Value)> Hyperparameters { get; init; } = [];

    /// <summary>Frameworks and versions, the last section.</summary>
    public IReadOnlyList<(string Name, string Version)> FrameworkVersions { get; init; } = [];
}
