using Sightline.Generation;
using Sightline.Metrics;
using Sightline.Tokenization;

namespace Sightline.Benchmarks;

/// <summary>Makes a model say captions that were given, one to each picture of a batch. Its own scores are worked through all the same.</summary>
/// <param name="captions">Tokens of each picture's caption, the end token included.</param>
internal sealed class SaidCaptions(IReadOnlyList<int[]> captions) : ILogitsProcessor
{
    public void Process(GenerationContext context, Span<float> scores) => scores[captions[context.Image][context.InputIds.Length - context.PromptLength]] += 1e6f;

    /// <summary>The first captions of a results file.</summary>
    public static List<int[]> Read(string results, Gpt2Tokenizer tokenizer, int most) =>
        [.. CaptionResults.Load(results).Take(most).Select(result => (int[])[.. tokenizer.Encode(result.Caption), tokenizer.EosTokenId!.Value])];
}
