using System.Text.Json.Nodes;
using Sightline.Data;
using Sightline.Data.Sampling;

namespace Sightline.Training.Cli.Runs;

/// <summary>The section <c>data</c> of a run file: which captions and pictures, and what happens to faulty ones.</summary>
internal sealed record DataSettings
{
    /// <summary>Captions to learn from.</summary>
    public required string Train { get; init; }

    /// <summary>The folder of their pictures; null: beside the file.</summary>
    public string? TrainImages { get; init; }

    /// <summary>Captions to evaluate on; null: none.</summary>
    public string? Validation { get; init; }

    /// <summary>The folder of their pictures; null: beside the file.</summary>
    public string? ValidationImages { get; init; }

    public FlagFilter Precanned { get; init; }

    public FlagFilter Rejected { get; init; }

    public FlagFilter TextDetected { get; init; }

    public FaultPolicy MissingImages { get; init; }

    public FaultPolicy CorruptImages { get; init; }

    public FaultPolicy BadEntries { get; init; }

    /// <summary>The folder for decoded pictures; null: every picture is decoded each time it is read.</summary>
    public string? Cache { get; init; }

    /// <summary>Whose order of the examples is reproduced.</summary>
    public ShuffleOrder Shuffle { get; init; }

    /// <summary>What loading a caption file needs.</summary>
    public CaptionDatasetOptions Options => new() { Precanned = Precanned, Rejected = Rejected, TextDetected = TextDetected, MissingImages = MissingImages, BadEntries = BadEntries };

    public static DataSettings? Read(SectionReader section)
    {
        var train = section.FullPath("train");
        if (train is null && !section.Has("train"))
            section.Fault("train is missing; a caption file was expected");
        var settings = new DataSettings
        {
            Train = train ?? "",
            TrainImages = section.FullPath("train_images"),
            Validation = section.FullPath("validation"),
            ValidationImages = section.FullPath("validation_images"),
            Precanned = section.Choice("precanned", FlagFilter.Keep),
            Rejected = section.Choice("rejected", FlagFilter.Keep),
            TextDetected = section.Choice("text_detected", FlagFilter.Keep),
            MissingImages = section.Choice("missing_images", FaultPolicy.Fail),
            CorruptImages = section.Choice("corrupt_images", FaultPolicy.Fail),
            BadEntries = section.Choice("bad_entries", FaultPolicy.Fail),
            Cache = section.FullPath("cache"),
            Shuffle = section.Choice("shuffle", ShuffleOrder.Torch110),
        };
        section.RefuseOthers();
        return train is null ? null : settings;
    }

    public JsonObject ToJson() => new()
    {
        ["train"] = Train,
        ["train_images"] = TrainImages,
        ["validation"] = Validation,
        ["validation_images"] = ValidationImages,
        ["precanned"] = SectionReader.NameOf(Precanned),
        ["rejected"] = SectionReader.NameOf(Rejected),
        ["text_detected"] = SectionReader.NameOf(TextDetected),
        ["missing_images"] = SectionReader.NameOf(MissingImages),
        ["corrupt_images"] = SectionReader.NameOf(CorruptImages),
        ["bad_entries"] = SectionReader.NameOf(BadEntries),
        ["cache"] = Cache,
        ["shuffle"] = SectionReader.NameOf(Shuffle),
    };
}
