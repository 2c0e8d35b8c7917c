using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

public sealed class TextGeneratorTests
{
    private const double LogProbabilityTolerance = 2e-6; // fp32 against double

    [Fact]
    public void Generate_Greedy_TakesTheMostLikelyTokenEachTime()
    {
        var model = new ToyModel(1, 2, 3, 4);
        foreach (var sequence in model.Generate(ToyModel.Options).Sequences)
        {
            int[] ids = [.. sequence.TokenIds];
            for (var i = 1; i < ids.Length; i++)
            {
                var expected = model.LogProbabilities(sequence.Image, ids.AsSpan(0, i));
                Assert.Equal(Array.IndexOf(expected, expected.Max()), ids[i]);
                Assert.Equal(expected.Max(), sequence.LogProbabilities[i - 1], LogProbabilityTolerance);
            }
        }
    }

    [Fact]
    public void ToPadded_SequencesOfDifferentLength_AreFilledWithThePadToken()
    {
        var output = new ToyModel([.. Enumerable.Range(0, 20)]).Generate(ToyModel.Options);
        var rows = output.ToPadded();
        var width = output.Sequences.Max(s => s.TokenIds.Count);
        Assert.True(output.Sequences.Min(s => s.TokenIds.Count) < width);
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal(output.Sequences[i].TokenIds, rows[i].Take(output.Sequences[i].TokenIds.Count));
            Assert.All(rows[i].Skip(output.Sequences[i].TokenIds.Count), id => Assert.Equal(2, id));
            Assert.Equal(width, rows[i].Length);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generate_Batch_GivesWhatSinglesGive(bool sample)
    {
        var options = ToyModel.Options with { DoSample = sample, Seed = 42, NumReturnSequences = sample ? 3 : 1 };
        var batch = new ToyModel(5, 6, 7, 8).Generate(options).Sequences;
        var singles = new[] { 5, 6, 7, 8 }.SelectMany(picture => new ToyModel(picture).Generate(options).Sequences).ToList();
        Assert.Equal(singles.Select(s => s.TokenIds), batch.Select(s => s.TokenIds));
        Assert.Equal(singles.Select(s => s.Score), batch.Select(s => s.Score));
        Assert.True(batch.Select(s => string.Join(' ', s.TokenIds)).Distinct().Count() > 3);
    }

    [Fact]
    public void Generate_WithoutSeed_ReportsTheSeedThatRepeatsIt()
    {
        var options = ToyModel.Options with { DoSample = true, NumReturnSequences = 20 };
        var first = new ToyModel(1).Generate(options);
        Assert.NotNull(first.Seed);
        var again = new ToyModel(1).Generate(options with { Seed = first.Seed });
        Assert.Equal(first.Sequences.Select(s => s.TokenIds), again.Sequences.Select(s => s.TokenIds));
        Assert.Null(new ToyModel(1).Generate(ToyModel.Options).Seed);
    }

    [Fact]
    public void Generate_Sampling_DrawsFromTheModelsDistribution()
    {
        const int Draws = 20_000; // 20 runs of 1000 sequences
        var model = new ToyModel(9);
        var counts = new int[model.VocabularySize];
        for (var seed = 0; seed < 20; seed++)
        {
            foreach (var sequence in model.Generate(ToyModel.Options with { DoSample = true, MaxLength = 2, NumReturnSequences = 1000, Seed = seed }).Sequences)
                counts[sequence.TokenIds[1]]++;
        }

        var expected = model.LogProbabilities(0, [ToyModel.Start]).Select(p => Draws * Math.Exp(p)).ToArray();
        var chiSquare = counts.Zip(expected, (n, e) => (n - e) * (n - e) / e).Sum();
        Assert.All(expected, e => Assert.True(e > 20));
        Assert.True(chiSquare < 20.5, $"chi-square {chiSquare} with 5 degrees of freedom; 20.5 is exceeded once in 1000 seeds"); // fixed seeds: no flakiness
    }

    [Fact]
    public void Generate_TopK1_IsGreedy()
    {
        var greedy = new ToyModel(1, 2, 3).Generate(ToyModel.Options);
        var sampled = new ToyModel(1, 2, 3).Generate(ToyModel.Options with { DoSample = true, TopK = 1 });
        Assert.Equal(greedy.Sequences.Select(s => s.TokenIds), sampled.Sequences.Select(s => s.TokenIds));
        Assert.All(sampled.Sequences, s => Assert.All(s.LogProbabilities, p => Assert.Equal(0, p, LogProbabilityTolerance)));
    }

    [Fact]
    public void Generate_OwnProcessor_RunsAfterTheBuiltInOnes()
    {
        var processor = new Forbid([0, 2, 3, 5]);
        var output = new ToyModel(1).Generate(ToyModel.Options with { LogitsProcessors = [processor], BadWordsIds = [[4]] });
        Assert.Equal(Enumerable.Repeat(1, 12), output.Sequences[0].TokenIds);
        Assert.True(processor.SawBannedToken);
        Assert.Equal(FinishReason.Length, output.Sequences[0].Finish);
    }

    [Fact]
    public void Generate_StoppingCriterion_EndsOnlyItsRow()
    {
        var output = new ToyModel(1, 2).Generate(ToyModel.Options with { MinLength = 12, StoppingCriteria = [new FirstImageAtLength(4)] });
        Assert.Equal((4, FinishReason.Criterion), (output.Sequences[0].TokenIds.Count, output.Sequences[0].Finish));
        Assert.Equal((12, FinishReason.Length), (output.Sequences[1].TokenIds.Count, output.Sequences[1].Finish));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Generate_DecoderRunsOutOfPositions_EndsThere(int beams)
    {
        var output = new ToyModel(1, 2) { MaxPositions = 7 }.Generate(ToyModel.Options with { MinLength = 40, MaxLength = 50, NumBeams = beams });
        Assert.All(output.Sequences, s => Assert.Equal((8, FinishReason.Length), (s.TokenIds.Count, s.Finish)));
    }

    [Fact]
    public void Generate_MaxNewTokens_DoesNotCountThePrompt()
    {
        var output = new ToyModel(1).Generate(ToyModel.Options with { MaxLength = null, MaxNewTokens = 3, MinNewTokens = 3, DecoderPromptIds = [3, 4, 5] });
        Assert.Equal(7, output.Sequences[0].TokenIds.Count);
        Assert.Equal([1, 3, 4, 5], output.Sequences[0].TokenIds.Take(4));
        Assert.Equal(4, output.Sequences[0].PromptLength);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(4, false)]
    [InlineData(3, true)]
    public void Generate_CancelledBetweenTokens_Throws(int beams, bool sample)
    {
        using var source = new CancellationTokenSource();
        var model = new ToyModel(1);
        var steps = 0;
        var options = ToyModel.Options with
        {
            MinLength = 12,
            NumBeams = beams,
            DoSample = sample,
            ScoresObserver = (step, _, _) =>
            {
                steps++;
                if (step == 2)
                    source.Cancel();
            },
        };
        Assert.Throws<OperationCanceledException>(() => TextGenerator.Generate(model.Open, options, source.Token));
        Assert.Equal(3, steps);
        Assert.True(model.Session!.IsDisposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_TokenByToken_GivesWhatGenerateGives(bool sample)
    {
        var options = ToyModel.Options with { DoSample = sample, Seed = 3, NumReturnSequences = sample ? 2 : 1 };
        var model = new ToyModel(1, 2, 3);
        var expected = model.Generate(options).Sequences;
        var streamed = TextGenerator.Stream(model.Open, options, TestContext.Current.CancellationToken).ToList();
        Assert.True(model.Session!.IsDisposed);
        var later = new List<GeneratedToken>();
        await foreach (var token in TextGenerator.StreamAsync(model.Open, options, TestContext.Current.CancellationToken))
            later.Add(token);
        Assert.Equal(streamed, later);
        var sequences = streamed.GroupBy(t => (t.Image, t.ReturnIndex)).OrderBy(g => g.Key).ToList();
        Assert.Equal(expected.Select(s => s.TokenIds.Skip(1)), sequences.Select(g => g.Select(t => t.TokenId)));
        Assert.Equal(expected.Select(s => s.LogProbabilities), sequences.Select(g => (IEnumerable<float>)g.Select(t => t.LogProbability)));
        Assert.Equal(expected.Select(s => (FinishReason?)s.Finish), sequences.Select(g => g.Last().Finish));
        Assert.All(sequences, g => Assert.All(g.SkipLast(1), t => Assert.Null(t.Finish)));
    }

    [Fact]
    public void Stream_Abandoned_DisposesTheSession()
    {
        var model = new ToyModel(1);
        Assert.Equal(2, TextGenerator.Stream(model.Open, ToyModel.Options with { MinLength = 12 }, TestContext.Current.CancellationToken).Take(2).Count());
        Assert.True(model.Session!.IsDisposed);
    }

    [Fact]
    public void Stream_Beams_IsRefusedAtOnce()
    {
        var message = Assert.Throws<ConfigurationException>(() => TextGenerator.Stream(new ToyModel(1).Open, ToyModel.Options with { NumBeams = 2 }, TestContext.Current.CancellationToken)).Message;
        Assert.Contains("num_beams 1, not 2", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Generate_NaNLogits_SaysThatTheCheckpointMayBeDamaged(int beams)
    {
        var options = ToyModel.Options with { NumBeams = beams, LogitsProcessors = [new Fill(float.NaN)] };
        var message = Assert.Throws<SightlineException>(() => new ToyModel(1).Generate(options)).Message;
        Assert.Contains("image 0, token 0", message, StringComparison.Ordinal);
        Assert.Contains("damaged", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_EveryTokenForbidden_NamesTheOptions()
    {
        var message = Assert.Throws<SightlineException>(() => new ToyModel(1).Generate(ToyModel.Options with { SuppressTokens = [0, 1, 2, 3, 4, 5] })).Message;
        Assert.Contains("forbid every token", message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Unusable => new()
    {
        { """{"decoder_start_token_id": 6}""", "token id 6 is outside the model's vocabulary of 6" },
        { """{"decoder_prompt": [2, 99]}""", "token id 99 is outside" },
        { """{"forced_bos_token_id": 7}""", "token id 7 is outside" },
        { """{"max_length": 1}""", "leaves no room" },
        { """{"max_length": 4, "decoder_prompt": [2, 3, 4]}""", "a prompt of 3 tokens" },
        { """{"max_length": 100, "decoder_prompt": [2,2,2,2,2,2,2,2,2,2]}""", "longer than the decoder's 8 positions" },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Generate_OptionsThatDoNotFitTheModel_AreRefusedInOneLine(string json, string expected)
    {
        var options = GenerationOptions.FromJson(System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject()).MergeOver(ToyModel.Options);
        var model = new ToyModel(1) { MaxPositions = 8 };
        var message = Assert.Throws<ConfigurationException>(() => model.Generate(options)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.True(model.Session?.IsDisposed ?? true);
    }

    [Fact]
    public void Generate_NoStartToken_SaysWhatIsMissing() => Assert.Contains(
        "decoder_start_token_id and bos_token_id are both missing",
        Assert.Throws<ConfigurationException>(() => new ToyModel(1).Generate(new GenerationOptions())).Message, StringComparison.Ordinal);

    [Fact]
    public void Generate_SessionOfTheWrongSize_IsAnArgumentError()
    {
        using var session = new ToySession([1], 1);
        Assert.Throws<ArgumentException>(() => TextGenerator.Generate(_ => session, ToyModel.Options with { NumBeams = 2 }, TestContext.Current.CancellationToken));
        Assert.True(session.IsDisposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generate_Steps_AllocateNothing(bool sample)
    {
        var marks = new List<long>(64);
        new ToyModel(1, 2).Generate(ToyModel.Options with
        {
            MaxLength = 40,
            MinLength = 40,
            DoSample = sample,
            Seed = 1,
            TopP = 0.9,
            TypicalP = 0.95,
            EpsilonCutoff = 1e-3,
            EtaCutoff = 1e-3,
            Temperature = 0.9,
            RepetitionPenalty = 1.1,
            ScoresObserver = (_, _, _) => marks.Add(GC.GetAllocatedBytesForCurrentThread()),
        });
        Assert.Equal(39, marks.Count);
        Assert.Equal(marks[5], marks[^1]);
    }

    private sealed class Forbid(int[] tokens) : ILogitsProcessor
    {
        public bool SawBannedToken { get; private set; }

        public void Process(GenerationContext context, Span<float> scores)
        {
            SawBannedToken |= float.IsNegativeInfinity(scores[4]);
            foreach (var token in tokens)
                scores[token] = float.NegativeInfinity;
        }
    }

    private sealed class Fill(float value) : ILogitsProcessor
    {
        public void Process(GenerationContext context, Span<float> scores) => scores.Fill(value);
    }

    private sealed class FirstImageAtLength(int length) : IStoppingCriteria
    {
        public bool ShouldStop(GenerationContext context) => context.Image == 0 && context.InputIds.Length >= length;
    }
}
