using Sightline.Checkpoints;
using Sightline.Generation;
using Sightline.Kernels;
using Sightline.Models;
using Xunit;

namespace Sightline.Tests.Generation;

/// <summary>Guesses must change nothing but the number of passes.</summary>
public sealed class DraftedSessionTests
{
    private const int MaxLength = 16;
    private static readonly GenerationOptions s_greedy = new() { DecoderStartTokenId = 1, EosTokenIds = [2], PadTokenId = 2, MaxLength = MaxLength };

    public static TheoryData<string, WeightFormat> Models() => new MatrixTheoryData<string, WeightFormat>(["t-base", "t-distil6"], Enum.GetValues<WeightFormat>());

    [Theory]
    [MemberData(nameof(Models))]
    public void Step_SeveralPositionsAndCrop_GivesTheBitsOfSingleSteps(string name, WeightFormat format)
    {
        foreach (var kernels in VectorKernels.Available(2, format))
        {
            using var model = Load(name, kernels);
            using var encoded = model.Encode(Pixels(name), 1);
            using var single = model.StartDecoding(encoded);
            using var several = (ISpeculativeSession)model.StartDecoding(encoded);
            var vocabulary = single.VocabularySize;
            int[] ids = [1, 5, 9, 13, 17, 21, 25, 29, 33, 37, 41];
            var expected = ids.Select(id =>
            {
                var logits = new float[vocabulary];
                single.Step([id], 1, logits);
                return logits;
            }).ToArray();

            foreach (var (first, count) in new[] { (0, 1), (1, 6), (3, 2), (2, 1 + DraftTable.Limit), (5, 1), (6, 5) })
            {
                several.Crop(first);
                var logits = new float[count * vocabulary];
                several.Step(ids.AsSpan(first, count), count, count, logits);
                for (var i = 0; i < count; i++)
                    Assert.Equal(expected[first + i], logits[(i * vocabulary)..((i + 1) * vocabulary)]);
            }

            Assert.NotEqual(expected[3], expected[4]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generate_WithGuesses_GivesTheSameInFewerPasses(bool sample)
    {
        var options = s_greedy with { DoSample = sample, Seed = sample ? 7 : null, MinLength = 6, RepetitionPenalty = 1.3f };
        using var model = Load("t-base", KernelSet.Create(2));
        using var encoded = model.Encode(Pixels("t-base"), 1);
        var plain = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), options, TestContext.Current.CancellationToken).Sequences[0];
        var table = new DraftTable(5);
        var (first, passes) = Run(model, encoded, options, table);
        AssertSame(plain, first);
        Assert.Equal(plain.TokenIds.Count - 1, passes); // nothing was known

        for (var i = 0; i < 4; i++)
            table.Learn(plain.TokenIds.ToArray(), plain.Finish == FinishReason.EndOfSequence);
        (var again, passes) = Run(model, encoded, options, table);
        AssertSame(plain, again);
        Assert.InRange(passes, 1, plain.TokenIds.Count / 3);
    }

    [Fact]
    public void Generate_BehindAPrompt_GivesTheSameInFewerPasses()
    {
        using var model = Load("t-base", KernelSet.Create(2));
        using var encoded = model.Encode(Pixels("t-base"), 1);
        var options = s_greedy with { DecoderPromptIds = [5, 9, 13, 17, 21], MinLength = MaxLength };
        var plain = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), options, TestContext.Current.CancellationToken).Sequences[0];
        var table = new DraftTable(DraftTable.Limit);
        for (var i = 0; i < 9; i++)
            table.Learn(plain.TokenIds.ToArray(), ended: false);
        var (again, passes) = Run(model, encoded, options, table);
        AssertSame(plain, again);
        Assert.InRange(passes, 2, 4); // the prompt alone, then ten tokens
    }

    [Fact]
    public void Generate_WithWrongGuesses_GivesTheSame()
    {
        using var model = Load("t-base", KernelSet.Create(2, WeightFormat.Int8));
        using var encoded = model.Encode(Pixels("t-base"), 1);
        var plain = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), s_greedy with { MinLength = MaxLength }, TestContext.Current.CancellationToken).Sequences[0];
        var random = new Random(3);
        for (var round = 0; round < 20; round++)
        {
            var table = new DraftTable(5);
            var wrong = plain.TokenIds.Select(id => random.Next(4) == 0 ? random.Next(model.Config.Decoder.VocabSize) : id).ToArray();
            for (var i = 0; i < 5; i++)
                table.Learn(wrong, ended: false);
            var (sequence, passes) = Run(model, encoded, s_greedy with { MinLength = MaxLength }, table);
            AssertSame(plain, sequence);
            Assert.InRange(passes, 3, MaxLength - 1);
        }
    }

    [Fact]
    public void Generate_UpToTheLastPosition_DoesNotGuessBeyond()
    {
        using var model = Load("t-base", KernelSet.Create(2));
        using var encoded = model.Encode(Pixels("t-base"), 1);
        var most = model.Config.Decoder.NPositions;
        var options = s_greedy with { MaxLength = most, MinLength = most };
        var plain = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), options, TestContext.Current.CancellationToken).Sequences[0];
        var table = new DraftTable(5);
        for (var i = 0; i < 9; i++)
            table.Learn(plain.TokenIds.ToArray(), ended: false);
        var (again, passes) = Run(model, encoded, options, table);
        AssertSame(plain, again);
        Assert.InRange(passes, most / 6, most / 2);
    }

    private static (GeneratedSequence Sequence, int Passes) Run(VisionEncoderDecoderModel model, EncoderOutput encoded, GenerationOptions options, DraftTable table)
    {
        DraftedSession? session = null;
        var output = TextGenerator.Generate(
            _ => session = new DraftedSession((ISpeculativeSession)model.StartDecoding(encoded), table, options.MaxLength!.Value), options, TestContext.Current.CancellationToken);
        return (output.Sequences[0], session!.Passes);
    }

    private static void AssertSame(GeneratedSequence expected, GeneratedSequence actual)
    {
        Assert.Equal(expected.TokenIds, actual.TokenIds);
        Assert.Equal(expected.LogProbabilities, actual.LogProbabilities);
        Assert.Equal(expected.Score, actual.Score);
        Assert.Equal(expected.Finish, actual.Finish);
    }

    private static VisionEncoderDecoderModel Load(string name, KernelSet kernels)
    {
        var folder = Fixture.Path("checkpoints", name);
        using var tensors = Checkpoint.Open(folder);
        return VisionEncoderDecoderModel.Create(Sightline.Configuration.VisionEncoderDecoderConfig.Load(folder), tensors, kernels, folder);
    }

    private static float[] Pixels(string name)
    {
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        var all = golden.ReadSingles("pixel_values");
        return all[..(all.Length / 2)];
    }
}
