using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

public sealed class BeamSearchTests
{
    private const double ScoreTolerance = 2e-5; // fp32 sums of a few log-probabilities against doubles

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(2.0)]
    [InlineData(-1.0)]
    public void Generate_MoreBeamsThanSequences_FindsTheBestOfAll(double lengthPenalty)
    {
        for (var picture = 0; picture < 8; picture++)
        {
            var model = new ToyModel(picture) { VocabularySize = 4 };
            var expected = model.AllSequences(0, 5, lengthPenalty).Take(5).ToList();
            var output = model.Generate(ToyModel.Options with { NumBeams = 256, MaxLength = 5, LengthPenalty = lengthPenalty, NumReturnSequences = 5 });
            Assert.Equal(expected.Select(e => e.Tokens), output.Sequences.Select(s => s.TokenIds));
            for (var i = 0; i < expected.Count; i++)
                Assert.Equal(expected[i].Score, output.Sequences[i].Score, ScoreTolerance);
        }
    }

    [Fact]
    public void Run_OneBeamStoppingEarly_IsGreedySearch()
    {
        var ended = 0;
        for (var picture = 0; picture < 50; picture++)
        {
            var greedy = new ToyModel(picture).Generate(ToyModel.Options).Sequences.Single();
            using var session = new ToySession([picture], 1);
            var plan = new GenerationPlan(ToyModel.Options with { EarlyStopping = EarlyStopping.True });
            using var search = new BeamSearch(session, plan);
            var beam = search.Run(TestContext.Current.CancellationToken).Single();
            Assert.Equal(greedy.TokenIds, beam.TokenIds);
            Assert.Equal(greedy.Finish, beam.Finish);
            Assert.Equal(greedy.Score, beam.Score, ScoreTolerance);
            ended += greedy.Finish == FinishReason.EndOfSequence ? 1 : 0;
        }

        Assert.InRange(ended, 5, 49); // both ways of ending occur
    }

    [Fact]
    public void Generate_MoreBeams_NeverFindsWorseThanGreedyOnAverage()
    {
        double Total(int beams) => Enumerable.Range(0, 100).Sum(picture => new ToyModel(picture).Generate(ToyModel.Options with { NumBeams = beams }).Sequences[0].Score);
        Assert.True(Total(2) > Total(1));
        Assert.True(Total(6) > Total(2));
    }

    public static TheoryData<int, int, EarlyStopping, Compatibility> Searches => new()
    {
        { 3, 1, EarlyStopping.False, Compatibility.Transformers417 },
        { 5, 1, EarlyStopping.True, Compatibility.Transformers417 },
        { 4, 1, EarlyStopping.Never, Compatibility.Transformers431 },
        { 4, 2, EarlyStopping.False, Compatibility.Transformers417 },
        { 6, 3, EarlyStopping.False, Compatibility.Transformers431 },
    };

    [Theory]
    [MemberData(nameof(Searches))]
    public void Generate_LogProbabilities_AreTheModelsOwn(int beams, int groups, EarlyStopping early, Compatibility compatibility)
    {
        var model = new ToyModel(3, 4, 5, 6);
        var output = model.Generate(ToyModel.Options with
        {
            NumBeams = beams,
            NumBeamGroups = groups,
            EarlyStopping = early,
            Compatibility = compatibility,
            NumReturnSequences = beams,
            LengthPenalty = 0.7,
        });
        Assert.Equal(4 * beams, output.Sequences.Count);
        Assert.True(model.Session!.Moves > 0, "the beams must have been reordered");
        Assert.True(model.Session.IsDisposed);
        foreach (var sequence in output.Sequences)
        {
            int[] ids = [.. sequence.TokenIds];
            var sum = 0.0;
            for (var i = sequence.PromptLength; i < ids.Length; i++)
            {
                var expected = model.LogProbabilities(sequence.Image, ids.AsSpan(0, i))[ids[i]];
                Assert.Equal(expected, sequence.LogProbabilities[i - sequence.PromptLength], ScoreTolerance);
                sum += expected;
            }

            var ended = ids[^1] == ToyModel.Eos;
            Assert.Equal(ended ? FinishReason.EndOfSequence : FinishReason.Length, sequence.Finish);
            Assert.True(ended || ids.Length == 12);
            Assert.Equal(sum / Math.Pow(ids.Length - (ended ? 1 : 0), 0.7), sequence.Score, ScoreTolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Searches))]
    public void Generate_Batch_GivesWhatSinglesGive(int beams, int groups, EarlyStopping early, Compatibility compatibility)
    {
        var options = ToyModel.Options with
        {
            NumBeams = beams,
            NumBeamGroups = groups,
            EarlyStopping = early,
            Compatibility = compatibility,
            NumReturnSequences = 2,
            DecoderPromptIds = [4, 3],
            DiversityPenalty = groups > 1 ? 0.5 : 0,
        };
        var batch = new ToyModel(1, 2, 3, 4, 5).Generate(options).Sequences;
        for (var image = 0; image < 5; image++)
        {
            var single = new ToyModel(image + 1).Generate(options).Sequences;
            Assert.Equal(single.Select(s => s.TokenIds), batch.Skip(2 * image).Take(2).Select(s => s.TokenIds));
            Assert.Equal(single.Select(s => s.Score), batch.Skip(2 * image).Take(2).Select(s => s.Score));
            Assert.All(single, s => Assert.Equal([1, 4, 3], s.TokenIds.Take(3)));
        }

        Assert.True(batch.Select(s => string.Join(' ', s.TokenIds)).Distinct().Count() > 5, "the pictures must differ");
    }

    [Fact]
    public void Generate_StrongDiversityPenalty_GroupsBeginDifferently()
    {
        var options = ToyModel.Options with { NumBeams = 4, NumBeamGroups = 4, NumReturnSequences = 4, DiversityPenalty = 100, MaxLength = 2 };
        var output = new ToyModel(11).Generate(options);
        Assert.Equal(4, output.Sequences.Select(s => s.TokenIds[1]).Distinct().Count());
        var alike = new ToyModel(11).Generate(options with { DiversityPenalty = 0 });
        Assert.Single(alike.Sequences.Select(s => s.TokenIds[1]).Distinct());
    }

    [Fact]
    public void Generate_431AgainstDefault_SearchesLongerOnSomePicture()
    {
        var options = ToyModel.Options with { NumBeams = 4, LengthPenalty = 1, MaxLength = 30 };
        var later = 0;
        for (var picture = 0; picture < 60; picture++)
        {
            var (a, b) = (new ToyModel(picture), new ToyModel(picture));
            var first = a.Generate(options);
            var second = b.Generate(options with { Compatibility = Compatibility.Transformers431 });
            Assert.True(b.Session!.Length >= a.Session!.Length);
            Assert.True(second.Sequences[0].Score >= first.Sequences[0].Score);
            later += b.Session.Length > a.Session.Length ? 1 : 0;
        }

        Assert.True(later > 0, "the versions must differ somewhere");
    }

    [Fact]
    public void Generate_BeamSampling_IsReproducibleAndIndependentOfTheBatch()
    {
        var options = ToyModel.Options with { NumBeams = 3, DoSample = true, Seed = 5, NumReturnSequences = 4, Temperature = 1.5 };
        var batch = new ToyModel(7, 8).Generate(options);
        Assert.Equal(8, batch.Sequences.Count);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], batch.Sequences.Select(s => s.Image));
        Assert.Equal(batch.Sequences.Skip(4).Select(s => s.TokenIds), new ToyModel(8).Generate(options).Sequences.Select(s => s.TokenIds));
        Assert.True(batch.Sequences.Select(s => string.Join(' ', s.TokenIds)).Distinct().Count() > 2);
        Assert.NotEqual(batch.Sequences.Select(s => s.TokenIds), new ToyModel(7, 8).Generate(options with { Seed = 6 }).Sequences.Select(s => s.TokenIds));
    }

    [Fact]
    public void Generate_StoppingCriterion_EndsWithWhatItHas()
    {
        var output = new ToyModel(1, 2).Generate(ToyModel.Options with { NumBeams = 3, MinLength = 12, StoppingCriteria = [new AtLength(6)] });
        Assert.All(output.Sequences, s => Assert.Equal((6, FinishReason.Criterion), (s.TokenIds.Count, s.Finish)));
    }

    [Fact]
    public void Generate_Steps_AllocateNothing()
    {
        var marks = new List<long>(64);
        new ToyModel(1, 2).Generate(ToyModel.Options with
        {
            NumBeams = 4,
            NumBeamGroups = 2,
            DiversityPenalty = 0.5,
            MaxLength = 40,
            MinLength = 40,
            NoRepeatNgramSize = 4,
            RepetitionPenalty = 1.1,
            ScoresObserver = (_, _, _) => marks.Add(GC.GetAllocatedBytesForCurrentThread()),
        });
        Assert.Equal(39, marks.Count);
        Assert.Equal(marks[5], marks[^1]);
    }

    private sealed class AtLength(int length) : IStoppingCriteria
    {
        public bool ShouldStop(GenerationContext context) => context.InputIds.Length >= length;
    }
}
