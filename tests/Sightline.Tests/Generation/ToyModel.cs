using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

/// <summary>Runs the generator on <see cref="ToySession"/>s, and the same model without generator, session and cache.</summary>
internal sealed class ToyModel(params int[] pictures)
{
    public const int Eos = 0;
    public const int Start = 1;

    public int VocabularySize { get; init; } = 6;

    public int MaxPositions { get; init; } = 64;

    /// <summary>The session of the latest run.</summary>
    public ToySession? Session { get; private set; }

    public static GenerationOptions Options { get; } = new() { DecoderStartTokenId = Start, EosTokenIds = [Eos], PadTokenId = 2, MaxLength = 12 };

    public IDecoderSession Open(int rowsPerImage) => Session = new ToySession(pictures, rowsPerImage, VocabularySize, MaxPositions);

    public GenerationOutput Generate(GenerationOptions options) => TextGenerator.Generate(Open, options, TestContext.Current.CancellationToken);

    public double[] LogProbabilities(int image, ReadOnlySpan<int> history)
    {
        var logits = new float[VocabularySize];
        ToySession.Logits(pictures[image], history, logits);
        var sum = logits.Sum(x => Math.Exp(x));
        return [.. logits.Select(x => x - Math.Log(sum))];
    }

    /// <summary>Every sequence up to the maximum length with its HF score, best first. Lengths count the start token, not the end token.</summary>
    public List<(int[] Tokens, double Score)> AllSequences(int image, int maxLength, double lengthPenalty)
    {
        var found = new List<(int[], double)>();
        void Extend(int[] tokens, double sum)
        {
            if (tokens.Length == maxLength)
            {
                found.Add((tokens, sum / Math.Pow(tokens.Length, lengthPenalty)));
                return;
            }

            var next = LogProbabilities(image, tokens);
            for (var token = 0; token < VocabularySize; token++)
            {
                if (token == Eos)
                    found.Add(([.. tokens, Eos], (sum + next[token]) / Math.Pow(tokens.Length, lengthPenalty)));
                else
                    Extend([.. tokens, token], sum + next[token]);
            }
        }

        Extend([Start], 0);
        return [.. found.OrderByDescending(f => f.Item2)];
    }
}
