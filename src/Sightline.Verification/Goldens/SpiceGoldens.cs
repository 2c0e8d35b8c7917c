using System.Text.Json.Nodes;
using Sightline.Metrics;

namespace Sightline.Verification.Goldens;

/// <summary>The files of metrics/spice.</summary>
internal static class SpiceGoldens
{
    /// <summary>*_tuples.json.gz: tuples to counts and F for every category, and the merged tuples.</summary>
    public static GoldenResult Tuples(string path)
    {
        var golden = GoldenFile.Json(path);
        var comparison = new GoldenComparison(1e-12);
        foreach (var (input, expected) in golden["input"]!.AsArray().Zip(golden["expected"]!.AsArray()))
        {
            var id = input!["image_id"]!.ToString();
            var test = ReadTuples(input["test"]!);
            IReadOnlyList<IReadOnlyList<string>>[] references = [.. input["refs"]!.AsArray().Select(x => ReadTuples(x!))];
            var counts = Spice.ScoreTuples(test, references);
            foreach (var category in Enum.GetValues<SpiceCategory>())
            {
                var values = expected![category.ToString()]!.AsArray();
                var actual = counts[category];
                comparison.Text($"{id} {category}", string.Join(' ', values.Take(3)), $"{actual.TruePositives} {actual.FalsePositives} {actual.FalseNegatives}");
                if (values[3] is { } f)
                    comparison.Number($"{id} {category} F", f.GetValue<double>(), actual.F);
                else
                    comparison.Text($"{id} {category} F", "NaN", actual.F.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }

            var merged = Spice.Merge(test, references);
            if (expected!["test_tuples"] is { } tests)
                comparison.Text($"{id} test tuples", Sorted(ReadTuples(tests)), Sorted(merged.Test.Select(x => x.Select(c => c.Name))));
            if (expected["ref_tuples"] is { } refs)
                comparison.Text($"{id} reference tuples", Sorted(ReadTuples(refs)), Sorted(merged.Reference.Select(x => x.Select(c => c.Name))));
        }

        return comparison.Result;
    }

    /// <summary>
    /// *_parses.jsonl.gz: every line is read and gives its tuples. The rules from dependencies to tuples are not checked: there are none yet.
    /// </summary>
    public static GoldenResult Parses(string path)
    {
        var comparison = new GoldenComparison(0);
        var parses = SpiceParses.Load(path);
        foreach (var line in GoldenFile.Lines(path))
        {
            var root = JsonNode.Parse(line)!;
            var caption = root["caption"]!.GetValue<string>();
            comparison.Text(caption, Sorted(ReadTuples(root["tuples"]!)), Sorted(parses.Find(caption)!));
        }

        return comparison.Result;
    }

    private static List<IReadOnlyList<string>> ReadTuples(JsonNode array) => [.. array.AsArray().Select(x => GoldenFile.Strings(x))];

    private static string Sorted(IEnumerable<IEnumerable<string>> tuples) =>
        string.Join(" ; ", tuples.Select(x => string.Join(", ", x)).Distinct().Order(StringComparer.Ordinal));
}
