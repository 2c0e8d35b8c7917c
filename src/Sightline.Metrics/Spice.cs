using System.Collections.Frozen;
using Sightline.Metrics.SceneGraphs;
using Sightline.Metrics.Scoring;

namespace Sightline.Metrics;

/// <summary>
/// SPICE 1.0 from scene-graph tuples: the tuples of all references are merged into one graph, synonyms (WordNet) count as equal, and the
/// F-score compares them with the candidate's. The parser is not part of it; the tuples come from a file of parses.
/// </summary>
/// <remarks>Anderson, Fernando, Johnson, Gould, "SPICE: semantic propositional image caption evaluation", ECCV 2016.</remarks>
public static class Spice
{
    private static readonly FrozenSet<string> s_colors = Words(
        "red orange yellow green blue purple pink brown black white gray grey dark light cream maroon beige");

    private static readonly FrozenSet<string> s_sizes = Words(
        """
        big large great huge giant gigantic enormous vast massive immense wide tall fat thick heavy
        small little tiny miniature baby compact short thin lean narrow
        """);

    private static readonly FrozenSet<string> s_numbers = Words("one two three four five six seven eight nine ten eleven twelve");

    /// <summary>Scores one image.</summary>
    /// <param name="candidate">The tuples of the candidate: (object), (object, attribute) or (subject, object, relation).</param>
    /// <param name="references">The tuples of each reference.</param>
    public static IReadOnlyDictionary<SpiceCategory, SpiceCounts> ScoreTuples(
        IReadOnlyList<IReadOnlyList<string>> candidate, IReadOnlyList<IReadOnlyList<IReadOnlyList<string>>> references)
    {
        var (test, reference) = Merge(candidate, references);
        return Enum.GetValues<SpiceCategory>().ToDictionary(
            category => category, category => Count(category, [.. test.Where(x => IsOf(category, x))], [.. reference.Where(x => IsOf(category, x))]));
    }

    /// <summary>Scores tokenized captions whose tuples are known.</summary>
    /// <param name="candidates">One tokenized caption for each image.</param>
    /// <param name="references">The tokenized references of each image.</param>
    /// <param name="parses">The tuples of all of them.</param>
    /// <exception cref="MetricsException">A caption was not parsed.</exception>
    public static SpiceResult Score(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references, SpiceParses parses)
    {
        NgramCorpus.Require(candidates, references);
        ArgumentNullException.ThrowIfNull(parses);
        var missing = candidates.Concat(references.SelectMany(x => x)).Distinct().Where(x => parses.Find(x) is null).ToList();
        if (missing.Count > 0)
            throw new MetricsException($"The parses lack {missing.Count} of the captions, the first: \"{Shorten(missing[0])}\"; parse the tokenized captions of this evaluation.");
        var images = new IReadOnlyDictionary<SpiceCategory, SpiceCounts>[candidates.Count];
        Parallel.For(0, images.Length, i => images[i] = ScoreTuples(parses.Find(candidates[i])!, [.. references[i].Select(x => parses.Find(x)!)]));
        double[] scores = [.. images.Select(x => x[SpiceCategory.All].F)];
        return new SpiceResult(new MetricResult("SPICE", PairwiseSum.Mean(scores), scores), images);
    }

    internal static (List<Concept[]> Test, List<Concept[]> Reference) Merge(
        IReadOnlyList<IReadOnlyList<string>> candidate, IReadOnlyList<IReadOnlyList<IReadOnlyList<string>>> references)
    {
        var test = new SceneGraph();
        test.Add(candidate);
        var reference = new SceneGraph();
        foreach (var tuples in references)
            reference.Add(tuples);
        return (test.Tuples(), reference.Tuples());
    }

    private static SpiceCounts Count(SpiceCategory category, Concept[][] test, Concept[][] reference)
    {
        var matched = test.Count(x => reference.Any(y => x.Length == y.Length && x.Zip(y).All(pair => pair.First.IsLike(pair.Second))));
        return new SpiceCounts(matched, test.Length - matched, reference.Length - matched, category == SpiceCategory.All ? 0 : double.NaN);
    }

    private static bool IsOf(SpiceCategory category, Concept[] tuple) => category switch
    {
        SpiceCategory.All => true,
        SpiceCategory.Object => tuple.Length == 1,
        SpiceCategory.Attribute => tuple.Length == 2,
        SpiceCategory.Relation => tuple.Length == 3,
        SpiceCategory.Color => tuple.Length == 2 && s_colors.Contains(tuple[1].Name),
        SpiceCategory.Size => tuple.Length == 2 && s_sizes.Contains(tuple[1].Name),
        _ => tuple.Length == 2 && s_numbers.Contains(tuple[1].Name),
    };

    private static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 80), "…");

    private static FrozenSet<string> Words(string words) => words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
