using System.Text.Json.Nodes;
using Sightline.Metrics;

namespace Sightline.Verification.Goldens;

/// <summary>The files of metrics/scores: BLEU, ROUGE-L, CIDEr-D and the whole flow.</summary>
internal static class ScoreGoldens
{
    /// <summary>The same formulas in another order of summation agree to 1e-15; a wrong formula does not agree to 1e-9.</summary>
    private static readonly Tolerance s_tolerance = Tolerance.Within(1e-9);

    private static readonly string[] s_names = ["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr"];

    /// <summary>coco_fakecap.json.gz: already tokenized captions of the pool.</summary>
    public static void Tokenized(Comparison comparison, string path, string pool)
    {
        var golden = GoldenFile.Json(path);
        var byId = GoldenFile.Json(Path.Combine(pool, "coco_fakecap_spice_input.json.gz")).AsArray().ToDictionary(x => x!["image_id"]!.GetValue<long>());
        var inputs = golden["images"]!["image_id"]!.AsArray().Select(id => byId[id!.GetValue<long>()]!).ToList();
        Compare(comparison, "", golden, [.. inputs.Select(x => x["test"]!.GetValue<string>())], [.. inputs.Select(x => GoldenFile.Strings(x["refs"]))]);
    }

    /// <summary>edge_cases.json.gz: pairs of tokenized captions.</summary>
    public static void EdgeCases(Comparison comparison, string path)
    {
        foreach (var golden in GoldenFile.Json(path)["cases"]!.AsArray())
        {
            var pairs = golden!["pairs"]!.AsArray();
            Compare(comparison, golden["name"]!.GetValue<string>(), golden,
                [.. pairs.Select(x => x![0]!.GetValue<string>())], [.. pairs.Select(x => GoldenFile.Strings(x![1]))]);
        }
    }

    /// <summary>vizwiz_*.json.gz: the whole flow over an annotation file and a results file.</summary>
    public static void Flow(Comparison comparison, string path, CaptionAnnotations annotations, IReadOnlyList<CaptionResult> results, EvaluationOptions options)
    {
        CompareFlow(comparison, "", GoldenFile.Json(path), CaptionEvaluation.Run(annotations, results, options));
    }

    /// <summary>flow_cases.json: small files through the whole flow; where the official code raises, a one-line error or, for a missing flag, a result.</summary>
    public static void FlowCases(Comparison comparison, string path)
    {
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
    }

    private static void FlowCase(Comparison comparison, JsonNode golden, string folder)
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

    private static void CompareFlow(Comparison comparison, string name, JsonNode golden, EvaluationReport report)
    {
        var ids = golden["images"]!["image_id"]!.AsArray();
        comparison.Text($"{name} image ids", string.Join(',', ids), string.Join(',', report.Images.Select(x => x.Image.Id)));
        CompareAll(comparison, name, golden, report.Metrics, report.BleuStatistics);
    }

    private static void Compare(Comparison comparison, string name, JsonNode golden, string[] candidates, string[][] references)
    {
        var bleu = Bleu.Score(candidates, references);
        CompareAll(comparison, name, golden, [.. bleu.Orders, RougeL.Score(candidates, references), CiderD.Score(candidates, references)], bleu.Statistics);
        var frequencies = DocumentFrequencies.FromReferences(references);
        comparison.Close($"{name} CIDEr with given document frequencies", golden["corpus"]!["CIDEr"]!.GetValue<double>(),
            CiderD.Score(candidates, references, frequencies).Corpus, s_tolerance);
    }

    private static void CompareAll(Comparison comparison, string name, JsonNode golden, IReadOnlyList<MetricResult> metrics, BleuStatistics statistics)
    {
        foreach (var metric in s_names)
        {
            var actual = metrics.Single(x => x.Name == metric);
            comparison.Close($"{name} {metric}", golden["corpus"]![metric]!.GetValue<double>(), actual.Corpus, s_tolerance);
            var expected = GoldenFile.Doubles(golden["images"]![metric]);
            comparison.Close($"{name} {metric} images", expected.Length, actual.Images.Count, s_tolerance);
            for (var i = 0; i < Math.Min(expected.Length, actual.Images.Count); i++)
                comparison.Close($"{name} {metric} of image {i}", expected[i], actual.Images[i], s_tolerance);
        }

        var counts = golden["bleu_stats"]!;
        comparison.Close($"{name} testlen", counts["testlen"]!.GetValue<long>(), statistics.TestLength, s_tolerance);
        comparison.Close($"{name} reflen", counts["reflen"]!.GetValue<long>(), statistics.ReferenceLength, s_tolerance);
        for (var order = 0; order < 4; order++)
        {
            comparison.Close($"{name} guess", counts["guess"]![order]!.GetValue<long>(), statistics.Guesses[order], s_tolerance);
            comparison.Close($"{name} correct", counts["correct"]![order]!.GetValue<long>(), statistics.Correct[order], s_tolerance);
        }
    }
}
