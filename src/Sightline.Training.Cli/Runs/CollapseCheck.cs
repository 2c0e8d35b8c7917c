using Sightline.Generation;
using Sightline.Models;

namespace Sightline.Training.Cli.Runs;

/// <summary>
/// Whether the model looks at its pictures: how many different greedy captions it gives, and how many change when the pictures are shuffled.
/// A collapsed model says the same of everything, with a fine loss.
/// </summary>
/// <param name="Pictures">Pictures captioned.</param>
/// <param name="Distinct">Different captions.</param>
/// <param name="Changed">Captions that differ from that of the picture that took the place in a fixed shuffle.</param>
internal sealed record CollapseCheck(int Pictures, int Distinct, int Changed)
{
    private const int MaxPictures = 200;
    private const int BatchSize = 16;
    private const int MaxTokens = 50;

    /// <summary>A sentence.</summary>
    public string Words => $"Of {Pictures} pictures the model gives {Distinct} different captions; {Changed} captions change when the pictures are shuffled.{(Pictures > 1 && Distinct == 1 ? " It has collapsed: it says the same of every picture." : "")}";

    /// <summary>Captions the first pictures of the evaluation data.</summary>
    public static CollapseCheck Run(VisionEncoderDecoderModel model, IEvaluationData data)
    {
        var captions = new List<string>();
        var seen = new HashSet<string>();
        foreach (var batch in data.Read(BatchSize))
        {
            var size = batch.PixelValues.Length / batch.ImageCount;
            using var encoded = model.Encode(batch.PixelValues.Span, batch.ImageCount);
            var end = GenerationConfig.FromModelConfig(model.Config.Json).Options.EosTokenIds;
            var options = new GenerationOptions
            {
                MaxLength = Math.Min(MaxTokens, model.Config.Decoder.NPositions),
                DecoderStartTokenId = model.Config.DecoderStartTokenId,
                EosTokenIds = end ?? (model.Config.PadTokenId is { } pad ? [pad] : []),
                PadTokenId = model.Config.PadTokenId,
            };
            var output = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), options);
            for (var i = 0; i < batch.ImageCount; i++)
            {
                // One caption a picture: the data repeat a picture for each of its captions.
                if (seen.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(batch.PixelValues.Span.Slice(i * size, size))))))
                    captions.Add(string.Join(' ', output.Sequences[i].TokenIds));
            }

            if (captions.Count >= MaxPictures)
                break;
        }

        var order = Enumerable.Range(0, captions.Count).ToArray();
        new Random(0).Shuffle(order);
        return new CollapseCheck(captions.Count, captions.Distinct().Count(), order.Where((from, to) => captions[from] != captions[to]).Count());
    }
}
