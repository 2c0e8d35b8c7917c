using System.Globalization;
using Sightline.Metrics;
using Sightline.Metrics.Matching;

namespace Sightline.Verification.Goldens;

/// <summary>The files of metrics/meteor.</summary>
internal static class MeteorGoldens
{
    private static readonly Tolerance s_scores = Tolerance.Within(1e-12);

    // The sources print five to eight decimals.
    private static readonly Tolerance s_published = Tolerance.Within(5e-6);

    /// <summary>Without and with paraphrases.</summary>
    public static IReadOnlyList<string> Modes { get; } = ["exact_stem_synonym", "full_test_table"];

    /// <summary>normalizer.json.gz: text to normalized text.</summary>
    public static void Normalizer(Comparison comparison, string path) =>
        Mapping(comparison, path, "input", "output", MeteorResources.English.Normalizer.Normalize);

    /// <summary>stems.json.gz: Snowball English.</summary>
    public static void Stems(Comparison comparison, string path) => Mapping(comparison, path, "words", "stems", EnglishStemmer.Stem);

    /// <summary>synsets.json.gz: word to synset numbers.</summary>
    public static void Synsets(Comparison comparison, string path) =>
        Mapping(comparison, path, "words", "synsets", word => string.Join(' ', MeteorResources.English.Synsets(word).Select(x => x.ToString(CultureInfo.InvariantCulture))));

    /// <summary>aligner_stress, coco_fakecap and vizwiz_demo100_unfiltered .json.gz, one of their two modes.</summary>
    /// <param name="comparison">Takes what is found.</param>
    /// <param name="path">The golden file.</param>
    /// <param name="metrics">The folder of all metric fixtures.</param>
    /// <param name="mode"><c>exact_stem_synonym</c> or <c>full_test_table</c>.</param>
    /// <returns>The segments (images) whose statistics are not METEOR's.</returns>
    public static IReadOnlyList<int> Segments(Comparison comparison, string path, string metrics, string mode)
    {
        var golden = GoldenFile.Json(path);
        var (candidates, references) = Pairs(golden, path, metrics);
        var meteor = mode == "full_test_table" ? Meteor.WithParaphrases(Path.Combine(metrics, "meteor", "paraphrase-test.gz")) : new Meteor();
        var result = meteor.Score(candidates, references);
        var expected = golden[mode]!;
        var lines = GoldenFile.Strings(expected["stats"]);
        var values = GoldenFile.Doubles(expected["scores"]);
        int[] unequal = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i] != result.Statistics[i].ToString())];
        comparison.True(unequal.Length == 0, () => $"{mode}: the statistics of {unequal.Length} segments differ ({string.Join(", ", unequal)})");
        for (var i = 0; i < lines.Length; i++)
        {
            comparison.Text($"{mode} {i} \"{candidates[i]}\" / {string.Join(" | ", references[i])}", lines[i], result.Statistics[i].ToString());
            comparison.Close($"{mode} {i} \"{candidates[i]}\"", values[i], result.Metric.Images[i], s_scores);
        }

        comparison.Close($"{mode} corpus", expected["corpus"]!.GetValue<double>(), result.Metric.Corpus, s_scores);
        var plain = result.Total with { Chunks = result.Statistics.Sum(x => x.Chunks) };
        comparison.Close($"{mode} corpus_plain_sum", expected["corpus_plain_sum"]!.GetValue<double>(), plain.Score(Meteor.StageWeights), s_scores);
        comparison.Text($"{mode} corpus_stats", expected["corpus_stats"]!.GetValue<string>(), result.Total.ToString());
        return unequal;
    }

    /// <summary>The score formula alone: METEOR's own statistics to its scores, every segment and the corpus.</summary>
    public static void Formula(Comparison comparison, string path, string mode)
    {
        var expected = GoldenFile.Json(path)[mode]!;
        MeteorStatistics[] segments = [.. GoldenFile.Strings(expected["stats"]).Select(Parse)];
        var values = GoldenFile.Doubles(expected["scores"]);
        for (var i = 0; i < segments.Length; i++)
            comparison.Close($"{i}", values[i], segments[i].Score(Meteor.StageWeights), s_scores);
        var total = MeteorStatistics.Sum(segments);
        comparison.Close("corpus", expected["corpus"]!.GetValue<double>(), total.Score(Meteor.StageWeights), s_scores);
        var plain = total with { Chunks = segments.Sum(x => x.Chunks) };
        comparison.Close("corpus_plain_sum", expected["corpus_plain_sum"]!.GetValue<double>(), plain.Score(Meteor.StageWeights), s_scores);
        comparison.Text("corpus_stats", expected["corpus_stats"]!.GetValue<string>(), total.ToString());
    }

    private static MeteorStatistics Parse(string line)
    {
        int[] numbers = [.. line.Split(' ').Select(x => int.Parse(x, CultureInfo.InvariantCulture))];
        return new MeteorStatistics
        {
            TestLength = numbers[0],
            ReferenceLength = numbers[1],
            TestFunctionWords = numbers[2],
            ReferenceFunctionWords = numbers[3],
            Matches = numbers[4..20],
            Chunks = numbers[20],
            TestMatches = numbers[21],
            ReferenceMatches = numbers[22],
        };
    }

    /// <summary>published.json: values that others published; those that need the official paraphrase table are left out.</summary>
    public static void Published(Comparison comparison, string path)
    {
        foreach (var entry in GoldenFile.Json(path).AsArray().Where(x => x!["test"] is not null))
        {
            var result = new Meteor().Score([entry!["test"]!.GetValue<string>()], [GoldenFile.Strings(entry["refs"])]);
            if (entry["score"] is { } score)
                comparison.Close(entry["test"]!.GetValue<string>(), score.GetValue<double>(), result.Metric.Images[0], s_published);
            if (entry["stats"] is { } line)
                comparison.Text(entry["test"]!.GetValue<string>(), line.GetValue<string>(), result.Statistics[0].ToString());
        }
    }

    private static (string[] Candidates, string[][] References) Pairs(System.Text.Json.Nodes.JsonNode golden, string path, string metrics)
    {
        if (golden["pairs"] is { } pairs)
            return ([.. pairs.AsArray().Select(x => x!["test"]!.GetValue<string>())], [.. pairs.AsArray().Select(x => GoldenFile.Strings(x!["refs"]))]);
        if (Path.GetFileName(path).StartsWith("coco", StringComparison.Ordinal))
        {
            var pool = GoldenFile.Json(Path.Combine(metrics, "pool", "coco_fakecap_spice_input.json.gz")).AsArray();
            return ([.. pool.Select(x => x!["test"]!.GetValue<string>())], [.. pool.Select(x => GoldenFile.Strings(x!["refs"]))]);
        }

        var source = GoldenFile.Json(Path.Combine(metrics, "scores", "vizwiz_demo100_unfiltered.json.gz"));
        var ids = GoldenFile.Strings(golden["image_ids"]);
        return ([.. ids.Select(id => source["tokenized_res"]![id]!.GetValue<string>())], [.. ids.Select(id => GoldenFile.Strings(source["tokenized_gts"]![id]))]);
    }

    private static void Mapping(Comparison comparison, string path, string from, string to, Func<string, string> map)
    {
        var golden = GoldenFile.Json(path);
        foreach (var (input, expected) in GoldenFile.Strings(golden[from]).Zip(GoldenFile.Strings(golden[to])))
            comparison.Text(input, expected, map(input));
    }
}
