using System.IO.Compression;
using System.Text.Json;
using Sightline.Generation;
using Sightline.Tokenization;

namespace Sightline.Benchmarks;

/// <summary>Makes a model say captions that were given, one to each picture of a batch. Its own scores are worked through all the same.</summary>
/// <param name="captions">Tokens of each picture's caption, the end token included.</param>
internal sealed class SaidCaptions(IReadOnlyList<int[]> captions) : ILogitsProcessor
{
    public void Process(GenerationContext context, Span<float> scores) => scores[captions[context.Image][context.InputIds.Length - context.PromptLength]] += 1e6f;

    /// <summary>The captions of a results file, <c>[{"image_id", "caption"}]</c>, which may be gzipped.</summary>
    public static IEnumerable<int[]> Read(string results, Gpt2Tokenizer tokenizer)
    {
        using var file = File.OpenRead(results);
        using Stream stream = results.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var document = JsonDocument.Parse(stream);
        foreach (var entry in document.RootElement.EnumerateArray())
            yield return [.. tokenizer.Encode(entry.GetProperty("caption").GetString()!), tokenizer.EosTokenId!.Value];
    }
}
