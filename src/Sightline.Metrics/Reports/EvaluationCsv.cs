using System.Globalization;
using System.Text;
using Sightline.Metrics.IO;

namespace Sightline.Metrics.Reports;

/// <summary>The per-image table as CSV (RFC 4180), worst image first, values in full precision.</summary>
public static class EvaluationCsv
{
    /// <summary>The CSV text with a header line.</summary>
    /// <inheritdoc cref="EvaluationJson.Write(EvaluationReport, string?)"/>
    public static string Write(EvaluationReport report, string? sortBy = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder("image_id,file_name");
        foreach (var metric in report.Metrics)
            text.Append(',').Append(metric.Name);
        text.Append(",caption,references\r\n");
        foreach (var i in WorstFirst.Order(report, sortBy))
        {
            var image = report.Images[i];
            text.Append(image.Image.Id.ToString(CultureInfo.InvariantCulture)).Append(',').Append(Quote(image.Image.FileName ?? ""));
            foreach (var metric in report.Metrics)
                text.Append(',').Append(double.IsFinite(metric.Images[i]) ? metric.Images[i].ToString("R", CultureInfo.InvariantCulture) : "");
            text.Append(',').Append(Quote(image.Candidate)).Append(',').Append(Quote(string.Join(" | ", image.References))).Append("\r\n");
        }

        return text.ToString();
    }

    /// <summary>Writes the CSV text to a file.</summary>
    /// <inheritdoc cref="EvaluationJson.Write(EvaluationReport, string?)"/>
    public static void Save(string path, EvaluationReport report, string? sortBy = null) => AtomicText.Write(path, Write(report, sortBy));

    // A cell that a spreadsheet would take for a formula is kept from being one by an apostrophe.
    private static string Quote(string value)
    {
        if (value.Length > 0 && value[0] is '=' or '+' or '-' or '@' or '\t')
            value = "'" + value;
        return value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
