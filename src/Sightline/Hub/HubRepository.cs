using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.ModelCards;
using Sightline.Models;

namespace Sightline.Hub;

/// <summary>Makes a model's folder ready for the hub: a card with metadata and .gitattributes. Nothing is uploaded.</summary>
public static class HubRepository
{
    private const string Card = "README.md";
    private const string Attributes = ".gitattributes";
    private const string NotKnown = "Not known";

    // Files that go to large-file storage; everything else is text.
    private static readonly string[] s_large = ["*.safetensors", "*.bin", "*.onnx", "*.onnx_data", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.npz", "*.zip", "*.tar.*", "*tfevents*"];

    /// <summary>Writes what is missing.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="output">Where the repository is made: the model's files are copied there; null: in the folder itself.</param>
    /// <param name="name">The model's name on the hub.</param>
    /// <param name="facts">What the card says.</param>
    /// <param name="replaceCard">Replace a card that is there.</param>
    /// <exception cref="SightlineException">The folder holds no complete model, or something cannot be written.</exception>
    public static PreparedRepository Prepare(string folder, string? output, HubModelName name, RepositoryFacts facts, bool replaceCard = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(facts);
        var inspection = CheckpointInspection.Inspect(folder);
        if (inspection.Problems.Count > 0)
            throw new ConfigurationException($"{folder}: not ready for the hub: {inspection.Problems[0]}");
        inspection.Match?.ThrowIfIncomplete(folder);
        var files = FilesOf(folder);
        var target = output ?? folder;
        try
        {
            if (output is not null)
                Copy(folder, files, output);
            var written = new List<string>();
            if (replaceCard || !File.Exists(Path.Combine(target, Card)))
            {
                AtomicFile.WriteAllText(Path.Combine(target, Card), HonestCard.Create(FactsFor(inspection, name, facts)));
                written.Add(Card);
            }

            if (!File.Exists(Path.Combine(target, Attributes)))
            {
                AtomicFile.WriteAllText(Path.Combine(target, Attributes), string.Concat(s_large.Select(pattern => $"{pattern} filter=lfs diff=lfs merge=lfs -text\n")));
                written.Add(Attributes);
            }

            files = [.. files.Concat(written).Distinct().Order(StringComparer.Ordinal)];
            return new PreparedRepository(target, written, files, [.. Entries(target).Except(files).Order(StringComparer.Ordinal)], HasMetadata(Path.Combine(target, Card)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{target}: cannot be written ({MessageText.Clean(e.Message, 300).TrimEnd('.')}).", e);
        }
    }

    private static List<string> FilesOf(string folder)
    {
        bool Has(string file) => File.Exists(Path.Combine(folder, file));
        var weights = ModelFiles.Weights(ModelParts.All, Has)!;
        return
        [
            .. ModelFiles.Small(ModelParts.All, Has), weights, .. ModelFiles.IsIndex(weights) ? ModelFiles.Shards(Path.Combine(folder, weights)) : [],
            .. new[] { Card, Attributes, "LICENSE" }.Where(Has),
        ];
    }

    private static void Copy(string folder, List<string> files, string output)
    {
        if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
            throw new ConfigurationException($"{output}: holds files already; name a new or empty folder.");
        Directory.CreateDirectory(output);
        foreach (var file in files)
        {
            AtomicFile.Write(Path.Combine(output, file), stream =>
            {
                using var source = File.OpenRead(Path.Combine(folder, file));
                source.CopyTo(stream);
            });
        }
    }

    private static IEnumerable<string> Entries(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .Select(path => Directory.Exists(path) ? Path.GetFileName(path) + "/" : Path.GetFileName(path));

    private static bool HasMetadata(string card)
    {
        using var reader = new StreamReader(card);
        return reader.ReadLine()?.TrimEnd() == "---";
    }

    private static HonestCardFacts FactsFor(CheckpointInspection inspection, HubModelName name, RepositoryFacts facts)
    {
        var config = inspection.Config!;
        return new HonestCardFacts
        {
            ModelName = name.Repository.Split('/')[1],
            Language = facts.Language,
            License = facts.License,
            BaseModels = facts.BaseModels,
            IsOriginKnown = facts.BaseModels.Count > 0,
            Datasets = facts.Datasets,
            DatasetName = facts.Datasets.Count > 0 ? string.Join(", ", facts.Datasets) : NotKnown,
            Architecture = FormattableString.Invariant($"A vision encoder-decoder: {config.Encoder.ModelType} with {config.Encoder.NumHiddenLayers} layers and GPT-2 with {config.Decoder.NLayer} layers, {inspection.ParameterCount:N0} parameters."),
            Preprocessing = [FormattableString.Invariant($"Pictures to {config.Encoder.ImageSize} x {config.Encoder.ImageSize} pixels.")],
        };
    }
}
