using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Imaging;

namespace Sightline.Hub;

/// <summary>Which files of a repository a model consists of; everything else (optimizer states, logs, other frameworks' weights) is left where it is.</summary>
internal static class ModelFiles
{
    private const string Vocabulary = "vocab.json";
    private const string Merges = "merges.txt";
    private const string SingleTokenizer = "tokenizer.json";

    private static readonly string[] s_settings = [VisionEncoderDecoderConfig.FileName, GenerationConfig.FileName, ImageProcessorConfig.FileName, ImageProcessorConfig.NestedFileName];

    private static readonly string[] s_tokenizer = [Vocabulary, Merges, SingleTokenizer, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

    private static readonly string[] s_weights =
        [Checkpoint.SafetensorsName, Checkpoint.SafetensorsName + Checkpoint.IndexSuffix, Checkpoint.PyTorchName, Checkpoint.PyTorchName + Checkpoint.IndexSuffix];

    /// <summary>The settings and tokenizer files that are wanted and there.</summary>
    public static IReadOnlyList<string> Small(ModelParts parts, Func<string, bool> exists) => [.. Named(parts).Where(exists)];

    /// <summary>The settings and tokenizer files that are wanted and not there.</summary>
    public static IReadOnlyList<string> Absent(ModelParts parts, Func<string, bool> exists) => [.. Named(parts).Where(name => !exists(name))];

    /// <summary>The file that the weights are read from: weights, or the index of their shards; null where there are none or they are not wanted.</summary>
    public static string? Weights(ModelParts parts, Func<string, bool> exists) => parts.HasFlag(ModelParts.Weights) ? s_weights.FirstOrDefault(exists) : null;

    /// <summary>Whether a file is the index of shards.</summary>
    public static bool IsIndex(string name) => name.EndsWith(Checkpoint.IndexSuffix, StringComparison.Ordinal);

    /// <summary>The shards that an index names, in ordinal order.</summary>
    /// <exception cref="CheckpointException">It names none, or what is no file beside it.</exception>
    public static IReadOnlyList<string> Shards(string indexPath) => [.. ShardedCheckpoint.ReadMap(indexPath).Values.Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What a folder lacks of what the parts cannot do without; null if nothing.</summary>
    public static string? Missing(ModelParts parts, Func<string, bool> exists)
    {
        if (parts.HasFlag(ModelParts.Settings) && !exists(VisionEncoderDecoderConfig.FileName))
            return VisionEncoderDecoderConfig.FileName;
        if (parts.HasFlag(ModelParts.Tokenizer) && !(exists(Vocabulary) && exists(Merges)) && !exists(SingleTokenizer))
            return $"tokenizer ({Vocabulary} with {Merges}, or {SingleTokenizer})";
        return parts.HasFlag(ModelParts.Weights) && Weights(parts, exists) is null ? $"weights ({string.Join(", ", s_weights)})" : null;
    }

    private static IEnumerable<string> Named(ModelParts parts) =>
        (parts.HasFlag(ModelParts.Settings) ? s_settings : []).Concat(parts.HasFlag(ModelParts.Tokenizer) ? s_tokenizer : []);
}
