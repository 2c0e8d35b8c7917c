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
        var comparison = new Comparison(Name, Relative(root, file));
        return Run(comparison, metrics, Relative(metrics, file), file)
            ? comparison.Result()
            : new FixtureResult(Name, Relative(root, file), FixtureOutcome.Skipped, null, "", "this program does not run this file");
    }

    private static bool Run(Comparison comparison, string metrics, string name, string file)
    {
        var pool = new GoldenPool(metrics);
        switch (name)
        {
            case "tokenizer/documents.json.gz":
                TokenizerGoldens.Documents(comparison, file);
                break;
            case "tokenizer/bmp_probe.tsv.gz":
                TokenizerGoldens.BmpProbe(comparison, file);
                break;
            case "tokenizer/corpus_hashes.json":
                TokenizerGoldens.CorpusHashes(comparison, file, Path.Combine(metrics, "pool"));
                break;
            case "scores/coco_fakecap.json.gz":
                ScoreGoldens.Tokenized(comparison, file, Path.Combine(metrics, "pool"));
                break;
            case "scores/edge_cases.json.gz":
                ScoreGoldens.EdgeCases(comparison, file);
                break;
            case "scores/flow_cases.json":
                ScoreGoldens.FlowCases(comparison, file);
                break;
            case "scores/vizwiz_demo100.json.gz":
                ScoreGoldens.Flow(comparison, file, pool.Vizwiz, pool.Demo100, new EvaluationOptions());
                break;
            case "scores/vizwiz_demo100_unfiltered.json.gz":
                ScoreGoldens.Flow(comparison, file, pool.Vizwiz, pool.Demo100, new EvaluationOptions { IgnoreRejected = false, IgnorePrecanned = false });
                break;
            case "scores/vizwiz_v1_partial.json.gz":
                ScoreGoldens.Flow(comparison, file, pool.Vizwiz, pool.Partial, new EvaluationOptions());
                break;
            case "scores/vizwiz_v1_perturbed.json.gz":
                ScoreGoldens.Flow(comparison, file, pool.Vizwiz, pool.Perturbed, new EvaluationOptions());
                break;
            case "scores/vizwiz_v1_perturbed_keep_precanned.json.gz":
                ScoreGoldens.Flow(comparison, file, pool.Vizwiz, pool.Perturbed, new EvaluationOptions { IgnorePrecanned = false });
                break;
            case "meteor/normalizer.json.gz":
                MeteorGoldens.Normalizer(comparison, file);
                break;
            case "meteor/stems.json.gz":
                MeteorGoldens.Stems(comparison, file);
                break;
            case "meteor/synsets.json.gz":
                MeteorGoldens.Synsets(comparison, file);
                break;
            case "meteor/published.json":
                MeteorGoldens.Published(comparison, file);
                break;
            case "meteor/aligner_stress.json.gz" or "meteor/coco_fakecap.json.gz" or "meteor/vizwiz_demo100_unfiltered.json.gz":
                foreach (var mode in MeteorGoldens.Modes)
                {
                    MeteorGoldens.Segments(comparison, file, metrics, mode);
                    MeteorGoldens.Formula(comparison, file, mode);
                }

                break;
            case var tuples when tuples.StartsWith("spice/", StringComparison.Ordinal) && tuples.EndsWith("_tuples.json.gz", StringComparison.Ordinal):
                SpiceGoldens.Tuples(comparison, file);
                break;
            case var parses when parses.StartsWith("spice/", StringComparison.Ordinal) && parses.EndsWith("_parses.jsonl.gz", StringComparison.Ordinal):
                SpiceGoldens.Parses(comparison, file);
                break;
            default:
                return false;
        }

        return true;
    }
}
