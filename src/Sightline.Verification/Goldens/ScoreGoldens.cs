using System.Text.Json.Nodes;
using Sightline.Metrics;

namespace Sightline.Verification.Goldens;

/// <summary>The files of metrics/scores: BLEU, ROUGE-L, CIDEr-D and the whole flow.</summary>
internal static class ScoreGoldens
{
    /// <summary>The same formulas in another order of summation agree to 1e-15; a wrong formula does not agree to 1e-9.</summary>
    public const double Tolerance = 1e-9;

    private static readonly string[] s_names = ["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr"];

    /// <summary>coco_fakecap.json.gz: already tokenized captions of the pool.</summary>
    public static GoldenResult Tokenized(string path, string pool)
    {
        var golden = GoldenFile.Json(path);
        var comparison = new GoldenComparison(Tolerance);
        var byId = GoldenFile.Json(Path.Combine(pool, "coco_fakecap_spice_input.json.gz")).AsArray().ToDictionary(x => x!["image_id"]!.GetValue<long>());
        var inputs = golden["images"]!["image_id"]!.AsArray().Select(id => byId[id!.GetValue<long>()]!).ToList();
        Compare(comparison, "", golden, [.. inputs.Select(x => x["test"]!.GetValue<string>())], [.. inputs.Select(x => GoldenFile.Strings(x["refs"]))]);
        return comparison.Result;
    }

    /// <summary>edge_cases.json.gz: pairs of tokenized captions.</summary>
    public static GoldenResult EdgeCases(string path)
    {
        var comparison = new GoldenComparison(Tolerance);
        foreach (var golden in GoldenFile.Json(path)["cases"]!.AsArray())
        {
            var pairs = golden!["pairs"]!.AsArray();
            Compare(comparison, golden["name"]!.GetValue<string>(), golden,
                [.. pairs.Select(x => x![0]!.GetValue<string>())], [.. pairs.Select(x => GoldenFile.Strings(x![1]))]);
        }

        return comparison.Result;
    }

    /// <summary>vizwiz_*.json.gz: the whole flow over an annotation file and a results file.</summary>
    public static GoldenResult Flow(string path, CaptionAnnotations annotations, IReadOnlyList<CaptionResult> results, EvaluationOptions options)
    {
        var comparison = new GoldenComparison(Tolerance);
        CompareFlow(comparison, "", GoldenFile.Json(path), CaptionEvaluation.Run(annotations, results, options));
        return comparison.Result;
    }

    /// <summary>flow_cases.json: small files through the whole flow; where the official code raises, a one-line error or, for a missing flag, a result.</summary>
    public static GoldenResult FlowCases(string path)
    {
        var comparison = new GoldenComparison(Tolerance);
        var folder = Directory.CreateTempSubdirectory("flow-cases").FullName;
        try
        {
            foreach (var golden in GoldenFile.Json(path)["cases"]!.AsArray())
                FlowCase(comparison, golden!, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return comparison.Result;
    }

    private static void FlowCase(GoldenComparison comparison, JsonNode golden, string folder)
    {
        var name = golden["name"]!.GetValue<string>();
        var annotationFile = Path.Combine(folder, $"{name}.annotations.json");
        var resultFile = Path.Combine(folder, $"{name}.results.json");
        File.WriteAllText(annotationFile, golden["annotations"]!.ToJsonString());
        File.WriteAllText(resultFile, golden["results"]!.ToJsonString());
        var flags = golden["flags"]!;
        var options = new EvaluationOptions
        {
            IgnoreRejected = flags["ignore_rejected"]?.GetValue<bool>() ?? true,
            IgnorePrecanned = flags["ignore_precanned"]?.GetValue<bool>() ?? true,
        };
        EvaluationReport? report = null;
        string? error = null;
        try
        {
            report = CaptionEvaluation.Run(CaptionAnnotations.Load(annotationFile), CaptionResults.Load(resultFile), options);
        }
        catch (MetricsException e)
        {
            error = e.Message;
        }

        var raises = golden["error"] is not null && name != "missing_flag";
        comparison.Text($"{name} raises", raises.ToString(), (error is not null).ToString());
        comparison.Text($"{name} error lines", raises ? "1" : "0", (error?.Split('\n').Length ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (report is not null && golden["corpus"] is not null)
        {
            CompareFlow(comparison, name, golden, report);
            foreach (var image in report.Images)
            {
                var id = image.Image.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
                comparison.Text($"{name} {id}", GoldenFile.Strings(golden["tokenized_res"]![id])[0], image.TokenizedCandidate);
                comparison.Text($"{name} {id}", string.Join('\n', GoldenFile.Strings(golden["tokenized_gts"]![id])), string.Join('\n', image.TokenizedReferences));
            }
        }
    }

    private static void CompareFlow(GoldenComparison comparison, string name, JsonNode golden, EvaluationReport report)
    {
        var ids = golden["images"]!["image_id"]!.AsArray();
        comparison.Text($"{name} image ids", string.Join(',', ids), string.Join(',', report.Images.Select(x => x.Image.Id)));
        CompareAll(comparison, name, golden, report.Metrics, report.BleuStatistics);
    }

    private static void Compare(GoldenComparison comparison, string name, JsonNode golden, string[] candidates, string[][] references)
    {
        var bleu = Bleu.Score(candidates, references);
        CompareAll(comparison, name, golden, [.. bleu.Orders, RougeL.Score(candidates, references), CiderD.Score(candidates, references)], bleu.Statistics);
        var frequencies = DocumentFrequencies.FromReferences(references);
        comparison.Number($"{name} CIDEr with given document frequencies", golden["corpus"]!["CIDEr"]!.GetValue<double>(),
            CiderD.Score(candidates, references, frequencies).Corpus);
    }

    private static void CompareAll(GoldenComparison comparison, string name, JsonNode golden, IReadOnlyList<MetricResult> metrics, BleuStatistics statistics)
    {
        foreach (var metric in s_names)
        {
            var actual = metrics.Single(x => x.Name == metric);
            comparison.Number($"{name} {metric}", golden["corpus"]![metric]!.GetValue<double>(), actual.Corpus);
            var expected = GoldenFile.Doubles(golden["images"]![metric]);
            comparison.Number($"{name} {metric} images", expected.Length, actual.Images.Count);
            for (var i = 0; i < Math.Min(expected.Length, actual.Images.Count); i++)
                comparison.Number($"{name} {metric} of image {i}", expected[i], actual.Images[i]);
        }

        var counts = golden["bleu_stats"]!;
        comparison.Number($"{name} testlen", counts["testlen"]!.GetValue<long>(), statistics.TestLength);
        comparison.Number($"{name} reflen", counts["reflen"]!.GetValue<long>(), statistics.ReferenceLength);
        for (var order = 0; order < 4; order++)
        {
            comparison.Number($"{name} guess", counts["guess"]![order]!.GetValue<long>(), statistics.Guesses[order]);
            comparison.Number($"{name} correct", counts["correct"]![order]!.GetValue<long>(), statistics.Correct[order]);
        }
    }
}
