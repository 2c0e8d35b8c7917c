using Sightline.Metrics;
using Sightline.Verification.Goldens;

namespace Sightline.Verification.Kinds;

/// <summary><c>metrics/</c>: tokenizer, BLEU, ROUGE-L, CIDEr-D, the VizWiz flow, METEOR and SPICE against the official code.</summary>
public sealed class MetricFixtures : FixtureKind
{
    private static readonly string[] s_folders = ["tokenizer", "scores", "meteor", "spice"];

    // Data that golden files refer to.
    private static readonly HashSet<string> s_data = ["vizwiz_v1_perturbed_results.json.gz", "paraphrase-test.gz"];

    /// <inheritdoc/>
    public override string Name => "metrics";

    /// <inheritdoc/>
    protected override IEnumerable<string> Files(string root) => s_folders
        .Select(folder => Path.Combine(root, Name, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        .Where(file => !s_data.Contains(Path.GetFileName(file)));

    /// <inheritdoc/>
    protected override FixtureResult Judge(string root, string file)
    {
        var metrics = Path.Combine(root, Name);
        var name = Relative(metrics, file);
        if (name.StartsWith("spice/", StringComparison.Ordinal) && name.EndsWith("_parses.jsonl.gz", StringComparison.Ordinal))
            return Skipped(root, file, "the rules from dependencies to tuples are not part of this build");
        var found = Results(metrics, name, file);
        return found.Count == 0 ? Skipped(root, file, "this program does not run this file") : Verdict(root, file, found);
    }

    private static List<GoldenResult> Results(string metrics, string name, string file)
    {
        var pool = new GoldenPool(metrics);
        return name switch
        {
            "tokenizer/documents.json.gz" => [TokenizerGoldens.Documents(file)],
            "tokenizer/bmp_probe.tsv.gz" => [TokenizerGoldens.BmpProbe(file)],
            "tokenizer/corpus_hashes.json" => [TokenizerGoldens.CorpusHashes(file, Path.Combine(metrics, "pool"))],
            "scores/coco_fakecap.json.gz" => [ScoreGoldens.Tokenized(file, Path.Combine(metrics, "pool"))],
            "scores/edge_cases.json.gz" => [ScoreGoldens.EdgeCases(file)],
            "scores/flow_cases.json" => [ScoreGoldens.FlowCases(file)],
            "scores/vizwiz_demo100.json.gz" => [ScoreGoldens.Flow(file, pool.Vizwiz, pool.Demo100, new EvaluationOptions())],
            "scores/vizwiz_demo100_unfiltered.json.gz" => [ScoreGoldens.Flow(file, pool.Vizwiz, pool.Demo100, new EvaluationOptions { IgnoreRejected = false, IgnorePrecanned = false })],
            "scores/vizwiz_v1_partial.json.gz" => [ScoreGoldens.Flow(file, pool.Vizwiz, pool.Partial, new EvaluationOptions())],
            "scores/vizwiz_v1_perturbed.json.gz" => [ScoreGoldens.Flow(file, pool.Vizwiz, pool.Perturbed, new EvaluationOptions())],
            "scores/vizwiz_v1_perturbed_keep_precanned.json.gz" => [ScoreGoldens.Flow(file, pool.Vizwiz, pool.Perturbed, new EvaluationOptions { IgnorePrecanned = false })],
            "meteor/normalizer.json.gz" => [MeteorGoldens.Normalizer(file)],
            "meteor/stems.json.gz" => [MeteorGoldens.Stems(file)],
            "meteor/synsets.json.gz" => [MeteorGoldens.Synsets(file)],
            "meteor/published.json" => [MeteorGoldens.Published(file)],
            "meteor/aligner_stress.json.gz" or "meteor/coco_fakecap.json.gz" or "meteor/vizwiz_demo100_unfiltered.json.gz" =>
                [.. Segments(file, metrics, "exact_stem_synonym"), .. Segments(file, metrics, "full_test_table")],
            _ when name.StartsWith("spice/", StringComparison.Ordinal) && name.EndsWith("_tuples.json.gz", StringComparison.Ordinal) => [SpiceGoldens.Tuples(file)],
            _ => [],
        };
    }

    private static GoldenResult[] Segments(string file, string metrics, string mode)
    {
        var (statistics, scores, unequal) = MeteorGoldens.Segments(file, metrics, mode);
        var where = unequal.Count == 0 ? "" : $"{mode}: the statistics of {unequal.Count} segments differ ({string.Join(", ", unequal)}); ";
        return [statistics with { Worst = where + statistics.Worst }, scores, MeteorGoldens.Formula(file, mode)];
    }

    private FixtureResult Skipped(string root, string file, string reason) => new(Name, Relative(root, file), FixtureOutcome.Skipped, null, "", reason);

    private FixtureResult Verdict(string root, string file, List<GoldenResult> results)
    {
        var failed = results.Where(result => !result.Passed).ToList();
        var compared = results.Sum(result => result.Compared);
        var detail = failed.Count == 0 ? $"{compared} comparisons" : string.Join("; ", failed.Select(result => result.Compared == 0 ? "nothing was compared" : Short(result.Worst)));
        var tolerances = results.Select(result => result.ToleranceText).Distinct();
        return new FixtureResult(Name, Relative(root, file), failed.Count == 0 ? FixtureOutcome.Pass : FixtureOutcome.Fail,
            compared > 0 ? results.Max(result => result.LargestDifference) : null, string.Join("; ", tolerances), detail);
    }

    private static string Short(string text) => text.ReplaceLineEndings(" ") is { Length: > 240 } line ? line[..237] + "..." : text.ReplaceLineEndings(" ");
}
