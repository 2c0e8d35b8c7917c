using System.Globalization;
using System.Text.Json.Nodes;
using Sightline.Cli.Evaluation;
using Sightline.Metrics.Reports;

namespace Sightline.Cli.Output;

/// <summary>Prints scores: a line each in plain words, or one JSON object.</summary>
internal static class ScorePrinter
{
    /// <summary>Prints everything.</summary>
    public static void Print(Terminal terminal, ScoredCaptions scored, bool json)
    {
        if (json)
            terminal.WriteLine(ToJson(scored));
        else
            PrintLines(terminal, scored);
    }

    private static void PrintLines(Terminal terminal, ScoredCaptions scored)
    {
        var report = scored.Report;
        foreach (var metric in report.Metrics)
        {
            var interval = scored.Intervals?.FirstOrDefault(each => each.Metric == metric.Name);
            terminal.WriteLine($"{metric.Name}: {Score(metric.Corpus)}{(interval is null ? "" : $", 95 % interval {Score(interval.Low)} to {Score(interval.High)}")}");
        }

        foreach (var each in scored.Comparison ?? [])
        {
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{each.Metric} against {scored.OtherName}: {Score(each.Second)} to {Score(each.First)}, difference {Score(each.Difference)}, 95 % interval {Score(each.Low)} to {Score(each.High)}, p = {each.PValue:0.####}"));
        }

        var most = report.Images.Count(image => image.Candidate == report.MostFrequentCaption);
        terminal.WriteLine($"Pictures scored: {report.Images.Count}");
        terminal.WriteLine($"Skipped because no reference is left: {report.SkippedImages.Count}");
        terminal.WriteLine($"Missing in the results: {report.MissingImages.Count}");
        terminal.WriteLine($"References dropped (rejected or pre-canned): {report.DroppedReferences}");
        terminal.WriteLine($"Different captions: {report.DistinctCaptions}");
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Most frequent caption: {100 * report.MostFrequentShare:0.0} % ({most} of {report.Images.Count}), \"{Short(report.MostFrequentCaption)}\""));
        foreach (var split in scored.Splits)
            terminal.WriteLine($"Part {split.Name}: {split.Images} pictures, {string.Join(", ", split.Scores.Select(score => $"{score.Key} {Score(score.Value)}"))}");
        foreach (var note in Notes(scored))
            terminal.WriteLine($"Note: {note}");
    }

    // The library's object, and beside it only what was asked for.
    private static string ToJson(ScoredCaptions scored)
    {
        var root = JsonNode.Parse(EvaluationJson.Write(scored.Report))!.AsObject();
        root["notes"] = new JsonArray([.. Notes(scored).Select(note => (JsonNode)note)]);
        root["splits"] = new JsonArray([.. scored.Splits.Select(split => new JsonObject
        {
            ["name"] = split.Name,
            ["images"] = split.Images,
            ["scores"] = new JsonObject(split.Scores.Select(score => KeyValuePair.Create(score.Key, Number(score.Value)))),
        })]);
        if (scored.Intervals is { } intervals)
            root["intervals"] = new JsonObject(intervals.Select(each => KeyValuePair.Create<string, JsonNode?>(each.Metric, new JsonArray(Number(each.Low), Number(each.High)))));
        if (scored.Comparison is { } comparison)
        {
            root["comparison"] = new JsonObject(comparison.Select(each => KeyValuePair.Create<string, JsonNode?>(each.Metric, new JsonObject
            {
                ["this"] = Number(each.Second),
                ["other"] = Number(each.First),
                ["difference"] = Number(each.Difference),
                ["low"] = Number(each.Low),
                ["high"] = Number(each.High),
                ["p"] = Number(each.PValue),
            })));
        }

        return JsonLine.Create(writer =>
        {
            foreach (var (name, value) in root)
            {
                writer.WritePropertyName(name);
                if (value is null)
                    writer.WriteNullValue();
                else
                    value.WriteTo(writer);
            }
        });
    }

    private static IEnumerable<string> Notes(ScoredCaptions scored)
    {
        foreach (var note in scored.Report.Notes)
            yield return note;
        if (scored.MeteorStages == 4)
            yield return "METEOR: four stages ran (exact, stem, synonym, paraphrase).";
        if (scored.Report.Metrics.All(metric => metric.Name != "SPICE"))
            yield return "SPICE: not computed; it needs the captions' scene graphs (--spice-parses).";
    }

    private static JsonNode? Number(double value) => double.IsFinite(value) ? value : null;

    private static string Score(double value) => double.IsFinite(value) ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "not defined";

    private static string Short(string text) => text.Length <= 100 ? text : text[..97] + "...";
}
