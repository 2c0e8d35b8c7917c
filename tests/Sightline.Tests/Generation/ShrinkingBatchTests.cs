using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Kernels;
using Sightline.Models;
using Xunit;

namespace Sightline.Tests.Generation;

/// <summary>Pictures that are done leave the batch; what is left must not notice.</summary>
public sealed class ShrinkingBatchTests
{
    private const int Pictures = 7;
    private static readonly GenerationOptions s_options = new() { DecoderStartTokenId = 1, EosTokenIds = [2], PadTokenId = 2, MinLength = 40, MaxLength = 40, StoppingCriteria = [new AtLength()] };

    /// <summary>Formats, sequences (several are sampled), beams.</summary>
    public static TheoryData<WeightFormat, int, int> Cases() => new MatrixTheoryData<WeightFormat, int, int>([WeightFormat.Fp32, WeightFormat.Int8], [1, 3], [1, 4]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Generate_PicturesEndAtDifferentSteps_GivesTheBitsOfTheWholeBatch(WeightFormat format, int sequences, int beams)
    {
        var folder = Fixture.Path("checkpoints", "t-base");
        using var tensors = Checkpoint.Open(folder);
        using var model = VisionEncoderDecoderModel.Create(VisionEncoderDecoderConfig.Load(folder), tensors, KernelSet.Create(2, format), folder);
        using var encoded = model.Encode(Varied(), Pictures);
        var options = s_options with { DoSample = sequences > 1, Seed = sequences > 1 ? 5 : null, NumReturnSequences = sequences, NumBeams = beams };
        var rows = new List<int>();
        IDecoderSession? session = null;
        var shrunk = TextGenerator.Generate(Open, options with { LogitsProcessors = [new Watch(() => rows.Add(session!.Rows))] }, TestContext.Current.CancellationToken).Sequences;
        var whole = TextGenerator.Generate(Open, options with { ScoresObserver = (_, _, _) => { } }, TestContext.Current.CancellationToken).Sequences;

        var rowsPerImage = sequences * beams;
        Assert.Equal(Pictures * rowsPerImage, session!.Rows); // an observer is shown every row to the end
        Assert.Equal(whole.Select(sequence => sequence.TokenIds), shrunk.Select(sequence => sequence.TokenIds));
        Assert.Equal(whole.Select(sequence => sequence.LogProbabilities), shrunk.Select(sequence => sequence.LogProbabilities));
        Assert.Equal(whole.Select(sequence => sequence.Score), shrunk.Select(sequence => sequence.Score));
        Assert.Equal(whole.Select(sequence => sequence.Finish), shrunk.Select(sequence => sequence.Finish));
        Assert.Equal(Enumerable.Range(1, Pictures).Select(pictures => pictures * rowsPerImage).Reverse(), rows.Distinct());
        Assert.True(shrunk.Select(sequence => sequence.LogProbabilities[1]).Distinct().Count() >= Pictures); // a picture's row that took another's place would show

        IDecoderSession Open(int rowsPerImage) => session = model.StartDecoding(encoded, rowsPerImage);
    }

    [Fact]
    public void Stream_PicturesEndAtDifferentSteps_GivesEveryToken()
    {
        var folder = Fixture.Path("checkpoints", "t-base");
        using var model = VisionEncoderDecoderModel.Load(folder);
        using var encoded = model.Encode(Varied(), Pictures);
        var expected = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), s_options, TestContext.Current.CancellationToken).Sequences;
        var tokens = TextGenerator.Stream(rows => model.StartDecoding(encoded, rows), s_options, TestContext.Current.CancellationToken).ToList();
        foreach (var sequence in expected)
            Assert.Equal(sequence.TokenIds.Skip(1), tokens.Where(token => token.Image == sequence.Image).Select(token => token.TokenId));
    }

    // The golden's two pictures, and mixtures of them.
    private static float[] Varied()
    {
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", "t-base.safetensors"));
        var two = golden.ReadSingles("pixel_values");
        var size = two.Length / 2;
        var all = new float[Pictures * size];
        for (var picture = 0; picture < Pictures; picture++)
        {
            for (var i = 0; i < size; i++)
                all[(picture * size) + i] = float.Lerp(two[i], two[size + ((i + (picture * 97)) % size)], picture / (float)(Pictures - 1));
        }

        return all;
    }

    /// <summary>Each picture at a length of its own; the samples of a picture one after the other.</summary>
    private sealed class AtLength : IStoppingCriteria
    {
        private static readonly int[] s_lengths = [9, 4, 30, 6, 12, 17, 5];

        public bool ShouldStop(GenerationContext context) => context.InputIds.Length >= s_lengths[context.Image] - (context.Row % 3 == 1 ? 1 : 0);
    }

    private sealed class Watch(Action seen) : ILogitsProcessor
    {
        public void Process(GenerationContext context, Span<float> scores) => seen();
    }
}
