using Sightline.Data;
using Sightline.Tokenization;

namespace Sightline.Training.Cli.Data;

/// <summary>Captions as label ids, made once before training.</summary>
internal static class CaptionLabels
{
    /// <summary>Ids of every example with the end token; a longer caption loses its tail, never the end token.</summary>
    /// <param name="dataset">The captions.</param>
    /// <param name="tokenizer">Needs an end token.</param>
    /// <param name="maxLength">The longest row, end token included.</param>
    /// <exception cref="ConfigurationException">There is no end token, or the merges cannot be used.</exception>
    public static long[][] Make(CaptionDataset dataset, Gpt2Tokenizer tokenizer, int maxLength)
    {
        var end = tokenizer.EosTokenId ?? throw new ConfigurationException("the tokenizer has no end token (eos_token); training needs one to teach where captions end.");
        tokenizer.PrepareEncoding();
        var labels = new long[dataset.Examples.Count][];
        Parallel.For(0, labels.Length, i =>
            labels[i] = [.. tokenizer.Encode(dataset.Examples[i].Caption).Take(maxLength - 1).Append(end).Select(id => (long)id)]);
        return labels;
    }
}
