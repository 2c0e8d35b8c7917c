using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.Tokenization;

namespace Sightline.Models;

/// <summary>What a checkpoint folder, or a single weight file, holds, and what is wrong with it. Weights are not loaded.</summary>
public sealed record CheckpointInspection
{
    /// <summary>The folder or file, as it was given.</summary>
    public required string Path { get; init; }

    /// <summary>config.json; null for a single file or where it cannot be used.</summary>
    public VisionEncoderDecoderConfig? Config { get; init; }

    /// <summary>The generation settings; null for a single file or where they cannot be used.</summary>
    public GenerationConfig? Generation { get; init; }

    /// <summary>How pictures are prepared; null for a single file or where the file cannot be used.</summary>
    public ImageProcessorConfig? Processor { get; init; }

    /// <summary>The tokenizer; null for a single file or where there is none.</summary>
    public Gpt2Tokenizer? Tokenizer { get; init; }

    /// <summary>Every stored tensor, in the order of the files.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; init; } = [];

    /// <summary>The tensors beside the parameters of config.json; null where one of the two is not there, or the weights are packed (<see cref="CheckpointConverter.Pack"/>).</summary>
    public TensorMatch? Match { get; init; }

    /// <summary>What cannot be read, one line each: configuration, tokenizer, weights.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Number of learned values: every stored element, without mask buffers and without the second copy of a tied <c>lm_head</c>.</summary>
    public long ParameterCount => Tensors.Except(Match?.Buffers ?? []).Where(tensor => !IsTiedCopy(tensor)).Sum(tensor => tensor.ElementCount);

    /// <summary>Bytes of all stored tensors; one that has several names counts for each.</summary>
    public long ByteCount => Tensors.Sum(tensor => tensor.ElementCount * tensor.DType.Size());

    /// <summary>Whether nothing is missing, misshapen or unreadable.</summary>
    public bool IsComplete => Problems.Count == 0 && Match is not { IsComplete: false };

    /// <summary>Looks at a checkpoint folder, or at a single weight file, of which only the tensors are listed.</summary>
    /// <param name="path">A folder as <c>save_pretrained</c> writes it, or a .safetensors, .bin or .index.json file.</param>
    /// <exception cref="CheckpointException">There is nothing at this path, or a single file cannot be read.</exception>
    public static CheckpointInspection Inspect(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
        {
            using var file = Checkpoint.Open(path);
            return new CheckpointInspection { Path = path, Tensors = [.. file.Tensors.Values] };
        }

        var problems = new List<string>();
        var config = Try(problems, () => VisionEncoderDecoderConfig.Load(path));
        using var tensors = Try(problems, () => Checkpoint.Open(path));
        var packed = tensors is null ? null : Try(problems, () => PackedCheckpoint.FormatOf(tensors)?.ToString() ?? "");
        return new CheckpointInspection
        {
            Path = path,
            Config = config,
            Generation = config is null ? null : Try(problems, () => GenerationConfig.Load(path)),
            Processor = Try(problems, () => ImageProcessorConfig.Load(path)),
            Tokenizer = Try(problems, () => Gpt2Tokenizer.Load(path)),
            Tensors = tensors is null ? [] : [.. tensors.Tensors.Values],
            Match = tensors is null || config is null || packed != "" ? null : TensorMatch.Create(config, tensors),
            Problems = problems,
        };
    }

    private bool IsTiedCopy(TensorInfo tensor) =>
        WeightNames.Normalize(tensor.Name) == TensorMatch.HeadName && Config is { Decoder.TieWordEmbeddings: true }
        && Tensors.Any(other => WeightNames.Normalize(other.Name) == TensorMatch.EmbeddingName);

    private static T? Try<T>(List<string> problems, Func<T> load) where T : class
    {
        try
        {
            return load();
        }
        catch (SightlineException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }
}
