using System.Text.Json;
using Sightline.Metrics.IO;

namespace Sightline.Metrics.Analysis;

/// <summary>The scores of a part of the images.</summary>
/// <param name="Name">Which part, for example <c>text_detected=true</c>.</param>
/// <param name="Images">How many images it has.</param>
/// <param name="Scores">The corpus scores of the part by metric. CIDEr-D keeps the document frequencies of the whole set.</param>
public sealed record SplitScores(string Name, int Images, IReadOnlyDictionary<string, double> Scores);

/// <summary>Scores split by what is known of the images. Empty parts are left out.</summary>
public static class Splits
{
    /// <summary>The flaws of a VizWiz-QualityIssues file, in its order: framing, blur, dark, bright, obstruction, other, none, rotation.</summary>
    public static IReadOnlyList<string> Flaws { get; } = ["FRM", "BLR", "DRK", "BRT", "OBS", "OTH", "NON", "ROT"];

    /// <summary>By <c>text_detected</c>: true, false, and not said.</summary>
    public static IReadOnlyList<SplitScores> ByTextDetected(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Score(report,
            ("text_detected=true", image => image.Image.TextDetected == true),
            ("text_detected=false", image => image.Image.TextDetected == false),
            ("text_detected not given", image => image.Image.TextDetected is null));
    }

    /// <summary>By the length of the machine caption in tokens: up to 5, 6 to 10, 11 to 15, 16 to 20, more.</summary>
    public static IReadOnlyList<SplitScores> ByCaptionLength(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        (int Low, int High)[] bands = [(0, 5), (6, 10), (11, 15), (16, 20), (21, int.MaxValue)];
        return Score(report, [.. bands.Select(band => (
            band.High == int.MaxValue ? $"{band.Low} tokens or more" : $"{band.Low} to {band.High} tokens",
            (Func<EvaluatedImage, bool>)(image => Tokens(image) is var n && n >= band.Low && n <= band.High)))]);
    }

    /// <summary>By quality flaw: an image has a flaw if at least two of five people said so, and may be in several parts.</summary>
    /// <param name="report">The report.</param>
    /// <param name="path">A VizWiz-QualityIssues file: <c>[{"image": "VizWiz_train_00022585.jpg", "flaws": {"FRM": 0..5, …}, "unrecognizable": 0..5}]</c>.</param>
    /// <exception cref="MetricsException">The file cannot be read or is not of this kind.</exception>
    public static IReadOnlyList<SplitScores> ByQualityFlaw(EvaluationReport report, string path)
    {
        ArgumentNullException.ThrowIfNull(report);
        const int Votes = 2;
        var votes = ReadFlaws(path);
        bool Has(EvaluatedImage image, string flaw) =>
            image.Image.FileName is { } file && votes.TryGetValue(file, out var found) && found.GetValueOrDefault(flaw) >= Votes;
        var parts = Flaws.Append("unrecognizable").Select(flaw => (flaw, (Func<EvaluatedImage, bool>)(image => Has(image, flaw)))).ToList();
        parts.Add(("not in the quality file", image => image.Image.FileName is not { } file || !votes.ContainsKey(file)));
        return Score(report, [.. parts]);
    }

    private static int Tokens(EvaluatedImage image) => image.TokenizedCandidate.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

    private static List<SplitScores> Score(EvaluationReport report, params (string Name, Func<EvaluatedImage, bool> Has)[] parts)
    {
        var result = new List<SplitScores>();
        foreach (var (name, has) in parts)
        {
            int[] images = [.. Enumerable.Range(0, report.Images.Count).Where(i => has(report.Images[i]))];
            if (images.Length == 0)
                continue;
            int[] all = [.. Enumerable.Range(0, images.Length)];
            result.Add(new SplitScores(name, images.Length,
                report.Metrics.ToDictionary(x => x.Name, x => CorpusScorer.For(report, x.Name, images)(all))));
        }

        return result;
    }

    private static Dictionary<string, Dictionary<string, int>> ReadFlaws(string path)
    {
        using var document = BoundedJson.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw new MetricsException($"{path}: not a VizWiz-QualityIssues file; expected a list [{{\"image\": …, \"flaws\": {{\"FRM\": 0, …}}, …}}, …].");
        var faults = new Faults(path);
        var found = new Dictionary<string, Dictionary<string, int>>(StringComparer.Ordinal);
        var index = -1;
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            index++;
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("image", out var image) || image.ValueKind != JsonValueKind.String
                || !entry.TryGetProperty("flaws", out var flaws) || flaws.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"[{index}] has no image or no flaws");
                continue;
            }

            var votes = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var flaw in flaws.EnumerateObject())
                AddVote(votes, flaw.Name, flaw.Value, $"[{index}].flaws", faults);
            if (entry.TryGetProperty("unrecognizable", out var unrecognizable))
                AddVote(votes, "unrecognizable", unrecognizable, $"[{index}]", faults);
            found[BoundedJson.Text(image)] = votes;
        }

        faults.Throw();
        return found;
    }

    private static void AddVote(Dictionary<string, int> votes, string name, JsonElement value, string where, Faults faults)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0)
            votes[name] = count;
        else
            faults.Add($"{where}.{name} is {value.GetRawText()}, not a number of votes");
    }
}
