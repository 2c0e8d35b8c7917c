using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

public sealed class TopCandidatesTests
{
    [Fact]
    public void Sort_RandomScoresWithTies_EqualsTheSortedVocabulary()
    {
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            var rows = random.Next(1, 4);
            var scores = Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, random.Next(1, 700)).Select(_ => random.Next(4) == 0 ? float.NegativeInfinity : random.Next(-40, 40) / 4f).ToArray()).ToArray();
            var offsets = scores.Select(_ => random.Next(-8, 8) / 2f).ToArray();
            var capacity = random.Next(1, 20);
            var top = new TopCandidates(capacity);
            var all = new List<(float Score, int Index)>();
            for (var row = 0; row < rows; row++)
            {
                top.Offer(scores[row], offsets[row], row * 1000);
                all.AddRange(scores[row].Select((s, i) => (s + offsets[row], row * 1000 + i)));
            }

            var expected = all.OrderByDescending(c => c.Score).ThenBy(c => c.Index).Take(capacity).ToList();
            top.Sort();
            Assert.Equal(expected, Enumerable.Range(0, top.Count).Select(rank => (top.Score(rank), top.Index(rank))));
        }
    }

    [Fact]
    public void Offer_NaN_IsNeverKept()
    {
        var top = new TopCandidates(3);
        top.Offer([float.NaN, 1, float.NaN, 3], 0, 0);
        top.Sort();
        Assert.Equal([(3f, 3), (1f, 1)], Enumerable.Range(0, top.Count).Select(rank => (top.Score(rank), top.Index(rank))));
    }

    [Fact]
    public void VocabularySort_RandomScores_IsStableBothWays()
    {
        var random = new Random(2);
        var scores = Enumerable.Range(0, 500).Select(i => i % 7 == 0 ? float.NegativeInfinity : i % 11 == 0 ? -0f : random.Next(-5, 5) / 2f).ToArray();
        var possible = Enumerable.Range(0, 500).Where(i => scores[i] > float.NegativeInfinity).ToArray();
        var sort = new VocabularySort();
        Assert.Equal(possible.OrderByDescending(i => scores[i]), Tokens(sort.Sort(scores, descending: true)));
        Assert.Equal(possible.OrderBy(i => scores[i]), Tokens(sort.Sort(scores, descending: false)));
    }

    [Fact]
    public void SortAsTorch_RandomScores_IsAPermutationInOrder()
    {
        var random = new Random(3);
        var sort = new VocabularySort();
        foreach (var size in new[] { 1, 2, 16, 17, 64, 1000, 5000 })
        {
            // Sorted and constant inputs are the hard cases of a quicksort.
            foreach (var scores in new[] { [.. Enumerable.Range(0, size).Select(_ => random.Next(20) / 4f)], [.. Enumerable.Range(0, size).Select(i => (float)i)], new float[size] })
            {
                var tokens = Tokens(sort.SortAsTorch(scores, descending: true));
                Assert.Equal(Enumerable.Range(0, size), tokens.Order());
                Assert.Equal(scores.OrderDescending(), tokens.Select(t => scores[t]));
            }
        }
    }

    private static int[] Tokens(ReadOnlySpan<ulong> keys)
    {
        var tokens = new int[keys.Length];
        for (var i = 0; i < keys.Length; i++)
            tokens[i] = VocabularySort.Token(keys[i]);
        return tokens;
    }
}
