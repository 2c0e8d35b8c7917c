using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Metrics;

namespace Sightline.Verification.Goldens;

/// <summary>The files of metrics/spice.</summary>
internal static class SpiceGoldens
{
    // Sums in another order.
    private static readonly Tolerance s_tolerance = Tolerance.Within(1e-12);

    /// <summary>*_tuples.json.gz: tuples to counts and F for every category, and the merged tuples.</summary>
    public static void Tuples(Comparison comparison, string path)
    {
        var golden = GoldenFile.Json(path);
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
                    comparison.Close($"{id} {category} F", f.GetValue<double>(), actual.F, s_tolerance);
                else
                    comparison.Text($"{id} {category} F", "NaN", actual.F.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }

            var merged = Spice.Merge(test, references);
            if (expected!["test_tuples"] is { } tests)
                comparison.Text($"{id} test tuples", Sorted(ReadTuples(tests)), Sorted(merged.Test.Select(x => x.Select(c => c.Name))));
            if (expected["ref_tuples"] is { } refs)
                comparison.Text($"{id} reference tuples", Sorted(ReadTuples(refs)), Sorted(merged.Reference.Select(x => x.Select(c => c.Name))));
        }
    }

    /// <summary>*_parses.jsonl.gz: the tuples that the rules make of the dependencies are those of the line, as a set; and what it says is read as it stands.</summary>
    /// <returns>The captions whose tuples differ.</returns>
    public static IReadOnlyList<string> Parses(Comparison comparison, string path)
    {
        var unequal = new List<string>();
        var parses = SpiceParses.Load(path);
        foreach (var line in GoldenFile.Lines(path))
        {
            using var document = JsonDocument.Parse(line);
            var root = JsonNode.Parse(line)!;
            var caption = root["caption"]!.GetValue<string>();
            var expected = Sorted(ReadTuples(root["tuples"]!));
            comparison.Text($"read: {caption}", expected, Sorted(parses.Find(caption)!));
            var made = Sorted(SpiceParses.FromSentences(document.RootElement));
            comparison.Text(caption, expected, made);
            if (made != expected)
                unequal.Add(caption);
        }

        return unequal;
    }

    private static List<IReadOnlyList<string>> ReadTuples(JsonNode array) => [.. array.AsArray().Select(x => GoldenFile.Strings(x))];

    private static string Sorted(IEnumerable<IEnumerable<string>> tuples) =>
        string.Join(" ; ", tuples.Select(x => string.Join(", ", x)).Distinct().Order(StringComparer.Ordinal));
}
