using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

/// <summary>Small cases worked out by hand; the goldens are in <see cref="LogitsProcessorGoldenTests"/>.</summary>
public sealed class LogitsProcessorTests
{
    private const float Gone = float.NegativeInfinity;
    private const float Tolerance = 1e-6f;

    [Fact]
    public void RepetitionPenalty_TokenOccursTwice_IsPenalisedOnce() =>
        Check(new RepetitionPenaltyLogitsProcessor(2), [0, 1, 0, 1, 1], [4, -3, 5], [2, -6, 5]);

    [Theory]
    [InlineData(1, new[] { 2, 3 }, new[] { 2, 3 })]
    [InlineData(2, new[] { 2, 3, 2 }, new[] { 3 })]
    [InlineData(2, new[] { 2, 3, 2, 1, 2 }, new[] { 3, 1 })]
    [InlineData(3, new[] { 0, 1, 2, 0, 1 }, new[] { 2 })]
    [InlineData(3, new[] { 0, 1 }, new int[0])]
    [InlineData(4, new[] { 0 }, new int[0])]
    public void NoRepeatNgram_History_ForbidsCompletions(int size, int[] history, int[] banned) =>
        Check(new NoRepeatNgramLogitsProcessor(size), history, [1, 1, 1, 1], [.. Enumerable.Range(0, 4).Select(t => banned.Contains(t) ? Gone : 1f)]);

    [Fact]
    public void NoBadWords_PrefixMatches_ForbidsTheLastToken()
    {
        var processor = new NoBadWordsLogitsProcessor([[0], [1, 2], [3, 1, 3], [4], [1, 900]], [4]);
        Check(processor, [3, 1], [1, 1, 1, 1, 1], [Gone, 1, Gone, Gone, 1]); // the end token 4 is not banned; 900 is outside
        Check(processor, [1, 3], [1, 1, 1, 1, 1], [Gone, 1, 1, 1, 1]);
    }

    [Fact]
    public void NoBadWords_SequenceLongerThanTheRow_DiffersBetweenVersions()
    {
        Check(new NoBadWordsLogitsProcessor([[1, 2]], []), [1], [1, 1, 1], [1, 1, Gone]);
        Check(new NoBadWordsLogitsProcessor([[1, 2]], [], Compatibility.Transformers431), [1], [1, 1, 1], [1, 1, 1]);
        Check(new NoBadWordsLogitsProcessor([[1, 2]], [], Compatibility.Transformers431), [0, 1], [1, 1, 1], [1, 1, Gone]);
    }

    [Fact]
    public void MinLength_CountsThePrompt_MinNewTokensDoesNot()
    {
        Check(new MinLengthLogitsProcessor(3, [0, 2]), [1, 1], [1, 1, 1], [Gone, 1, Gone]);
        Check(new MinLengthLogitsProcessor(2, [0, 2]), [1, 1], [1, 1, 1], [1, 1, 1]);
        Check(new MinNewTokensLogitsProcessor(1, [0]), [1, 1], [1, 1, 1], [Gone, 1, 1], promptLength: 2);
        Check(new MinNewTokensLogitsProcessor(1, [0]), [1, 1], [1, 1, 1], [1, 1, 1], promptLength: 1);
    }

    [Fact]
    public void ForcedTokens_AtTheirPlaceOnly_LeaveOneToken()
    {
        Check(new ForcedBosTokenLogitsProcessor(2), [1], [1, 5, 1], [Gone, Gone, 0]);
        Check(new ForcedBosTokenLogitsProcessor(2), [1, 1], [1, 5, 1], [1, 5, 1]);
        Check(new ForcedEosTokenLogitsProcessor(3, 0), [1, 1], [1, 5, 1], [0, Gone, Gone]);
        Check(new ForcedEosTokenLogitsProcessor(3, 0), [1], [1, 5, 1], [1, 5, 1]);
    }

    [Fact]
    public void SuppressTokens_AlwaysOrAtTheBeginning_AreForbidden()
    {
        Check(new SuppressTokensLogitsProcessor([0, 77]), [1], [1, 2], [Gone, 2]);
        Check(new SuppressTokensAtBeginLogitsProcessor([1], 2), [1, 1], [1, 2], [1, Gone]);
        Check(new SuppressTokensAtBeginLogitsProcessor([1], 2), [1], [1, 2], [1, 2]);
    }

    [Fact]
    public void HammingDiversity_TokensOfEarlierGroups_AreCounted()
    {
        float[] scores = [1, 1, 1];
        new HammingDiversityLogitsProcessor(0.5).Process(new GenerationContext { PreviousGroupTokens = [2, 0, 2] }, scores);
        Assert.Equal([0.5f, 1, 0], scores);
    }

    [Fact]
    public void LogitNormalization_Scores_SumToOne()
    {
        float[] scores = [1, 2, Gone, 3];
        new LogitNormalization().Process(default, scores);
        Assert.Equal(1, scores.Sum(s => Math.Exp(s)), 1e-6);
        Assert.Equal(1, scores[1] - scores[0], Tolerance);
        Assert.Equal(Gone, scores[2]);
    }

    [Fact]
    public void TopK_TiesWithTheLast_AreKept() => Check(new TopKLogitsWarper(2), [], [3, 1, 2, 2, 0], [3, Gone, 2, 2, Gone]);

    // ln of 0.5, 0.3, 0.15, 0.05
    private static readonly float[] s_distribution = [-0.6931472f, -1.2039728f, -1.897120f, -2.9957323f];

    [Theory]
    [InlineData(0.4, 1, 1)]
    [InlineData(0.6, 1, 2)]
    [InlineData(0.9, 1, 3)]
    [InlineData(0.4, 3, 3)]
    [InlineData(0.0, 1, 1)]
    public void TopP_TokenThatCrossesTheThreshold_IsKept(double p, int minTokens, int kept)
    {
        foreach (var compatibility in Enum.GetValues<Compatibility>())
            Check(new TopPLogitsWarper(p, minTokens, compatibility), [], s_distribution, [.. s_distribution.Select((s, i) => i < kept ? s : Gone)]);
    }

    [Fact]
    public void TopP_AfterTopK_SeesTheRenormalisedRest() =>
        Check(new TopPLogitsWarper(0.6), [], [s_distribution[0], s_distribution[1], Gone, Gone], [s_distribution[0], Gone, Gone, Gone]); // 0.625 of what is left

    [Fact]
    public void Typical_LowMass_PrefersInformationNearTheEntropy()
    {
        // Entropy 1.142 nats; information 0.693, 1.204, 1.897, 2.996: the second token is the nearest.
        Check(new TypicalLogitsWarper(0.2), [], s_distribution, [Gone, s_distribution[1], Gone, Gone]);
        Check(new TypicalLogitsWarper(0.2, 2), [], s_distribution, [s_distribution[0], s_distribution[1], Gone, Gone]);
        Check(new TypicalLogitsWarper(0.79), [], s_distribution, [s_distribution[0], s_distribution[1], Gone, Gone]);
        Check(new TypicalLogitsWarper(1), [], s_distribution, s_distribution);
    }

    [Fact]
    public void Epsilon_ProbabilityBelowTheCutoff_GoesUnlessAmongTheBest()
    {
        Check(new EpsilonLogitsWarper(0.1), [], s_distribution, [.. s_distribution[..3], Gone]);
        Check(new EpsilonLogitsWarper(0.9), [], s_distribution, [s_distribution[0], Gone, Gone, Gone]);
        Check(new EpsilonLogitsWarper(0.9, 2), [], s_distribution, [.. s_distribution[..2], Gone, Gone]);
    }

    [Fact]
    public void Eta_CutoffFollowsTheEntropy()
    {
        // min(0.1, sqrt(0.1) * exp(-1.142)) = 0.1 (0.10096); with 0.2: min(0.2, 0.1428) = 0.1428 < 0.15.
        Check(new EtaLogitsWarper(0.1), [], s_distribution, [.. s_distribution[..3], Gone]);
        Check(new EtaLogitsWarper(0.2), [], s_distribution, [.. s_distribution[..3], Gone]);
        Check(new EtaLogitsWarper(0.3), [], s_distribution, [.. s_distribution[..2], Gone, Gone]); // 0.1749
    }

    [Fact]
    public void Warpers_VocabularyOfOtherSize_CanBeReused()
    {
        ILogitsProcessor[] warpers = [new TopKLogitsWarper(2), new TopPLogitsWarper(0.9), new TypicalLogitsWarper(0.9), new EpsilonLogitsWarper(0.01), new EtaLogitsWarper(0.01), new LogitNormalization()];
        foreach (var warper in warpers)
        {
            foreach (var size in new[] { 4, 300, 7, 1 })
            {
                var scores = Enumerable.Range(0, size).Select(i => (float)Math.Sin(i)).ToArray();
                warper.Process(default, scores);
                Assert.Contains(scores, float.IsFinite);
                Assert.DoesNotContain(scores, float.IsNaN);
            }
        }
    }

    private static void Check(ILogitsProcessor processor, int[] history, float[] scores, float[] expected, int promptLength = 1)
    {
        var actual = scores.ToArray();
        processor.Process(new GenerationContext { InputIds = history, PromptLength = promptLength }, actual);
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= Tolerance, $"[{i}] is {actual[i]}, expected {expected[i]}");
    }
}
