namespace Sightline.ModelCards;

/// <summary>What a run knows of its model, for <see cref="HonestCard"/>. What is null or empty is said to be unknown, never guessed.</summary>
public sealed record HonestCardFacts
{
    /// <summary>The model's name.</summary>
    public required string ModelName { get; init; }

    /// <summary>Language code of the captions, e.g. <c>en</c>.</summary>
    public string? Language { get; init; }

    /// <summary>Licence of the weights.</summary>
    public string? License { get; init; }

    /// <summary>Checkpoints it started from; empty: trained from scratch.</summary>
    public IReadOnlyList<string> BaseModels { get; init; } = [];

    /// <summary>Whether <see cref="BaseModels"/> is the whole truth; false: what it started from is not known. Default true.</summary>
    public bool IsOriginKnown { get; init; } = true;

    /// <summary>The data sets by their names on the hub, for the metadata; empty where they have none.</summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];

    /// <summary>The architecture in words, and the number of parameters.</summary>
    public required string Architecture { get; init; }

    /// <summary>Name of the data set.</summary>
    public required string DatasetName { get; init; }

    /// <summary>Name of the data set that <see cref="Scores"/> are of; null: <see cref="DatasetName"/>.</summary>
    public string? EvaluationDatasetName { get; init; }

    /// <summary>Sentences on the data: counts, what was left out, known faults.</summary>
    public IReadOnlyList<string> DataFacts { get; init; } = [];

    /// <summary>Sentences on how pictures and captions become numbers.</summary>
    public IReadOnlyList<string> Preprocessing { get; init; } = [];

    /// <summary>Names and values of the settings.</summary>
    public IReadOnlyList<(string Name, string Value)> Hyperparameters { get; init; } = [];

    /// <summary>Mean loss over every position, padding included, on the evaluation set: what the Trainer of 4.17 reports for padded labels.</summary>
    public double? PaddedLoss { get; init; }

    /// <summary>Mean loss over real tokens on the evaluation set, nats per token.</summary>
    public double? TokenLoss { get; init; }

    /// <summary>Metric scores on the evaluation set, where captions were scored; shown in this order.</summary>
    public IReadOnlyList<(string Name, double Value)> Scores { get; init; } = [];

    /// <summary>Sentences on checks that were made: distinct captions, whether captions change with the picture, judged samples.</summary>
    public IReadOnlyList<string> Examination { get; init; } = [];

    /// <summary>Sentences on limits that are known of this model beside those of every captioner.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>The machine: processor, cores, memory.</summary>
    public string? Hardware { get; init; }

    /// <summary>How long training took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Pictures per second in training.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Names and versions of the software.</summary>
    public IReadOnlyList<(string Name, string Version)> FrameworkVersions { get; init; } = [];

    /// <summary>The command that repeats the run.</summary>
    public string? Command { get; init; }
}
