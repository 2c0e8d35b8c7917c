using System.Text.Encodings.Web;
using System.Text.Json;
using Sightline.Metrics.IO;

namespace Sightline.Metrics.Reports;

/// <summary>A report as JSON: <c>{"corpus": {"Bleu_1": …}, "images": [{"image_id": …, "Bleu_1": …}, …], "skipped": …}</c>, values in full precision.</summary>
public static class EvaluationJson
{
    /// <summary>The JSON text. Images are sorted by <paramref name="sortBy"/>, the worst first; NaN is written as null.</summary>
    /// <param name="report">The report.</param>
    /// <param name="sortBy">The metric to sort by; null: CIDEr.</param>
    /// <exception cref="MetricsException">There is no such metric.</exception>
    public static string Write(EvaluationReport report, string? sortBy = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(writer, report, WorstFirst.Order(report, sortBy));
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Writes the JSON text to a file.</summary>
    /// <inheritdoc cref="Write(EvaluationReport, string?)"/>
    public static void Save(string path, EvaluationReport report, string? sortBy = null) => AtomicText.Write(path, Write(report, sortBy) + "\n");

    private static void Write(Utf8JsonWriter writer, EvaluationReport report, int[] order)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("corpus");
        foreach (var metric in report.Metrics)
            WriteNumber(writer, metric.Name, metric.Corpus);
        writer.WriteEndObject();
        writer.WriteStartArray("images");
        foreach (var i in order)
        {
            writer.WriteStartObject();
            writer.WriteNumber("image_id", report.Images[i].Image.Id);
            foreach (var metric in report.Metrics)
                WriteNumber(writer, metric.Name, metric.Images[i]);
            writer.WriteString("caption", report.Images[i].Candidate);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("skipped", report.SkippedImages.Count);
        writer.WriteNumber("missing", report.MissingImages.Count);
        writer.WriteNumber("distinct_captions", report.DistinctCaptions);
        writer.WriteString("most_frequent_caption", report.MostFrequentCaption);
        WriteNumber(writer, "most_frequent_share", report.MostFrequentShare);
        writer.WriteStartArray("notes");
        foreach (var note in report.Notes)
            writer.WriteStringValue(note);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, double value)
    {
        if (double.IsFinite(value))
            writer.WriteNumber(name, value);
        else
            writer.WriteNull(name);
    }
}
