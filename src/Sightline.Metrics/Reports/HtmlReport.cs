using System.Globalization;
using System.Net;
using System.Text;
using Sightline.Metrics.Analysis;
using Sightline.Metrics.IO;

namespace Sightline.Metrics.Reports;

/// <summary>What an HTML report shows beside the scores.</summary>
public sealed record HtmlReportOptions
{
    /// <summary>The title. Default: "Caption evaluation".</summary>
    public string Title { get; init; } = "Caption evaluation";

    /// <summary>The folder with the pictures, found by file name; null, the default: no pictures.</summary>
    public string? ImagesFolder { get; init; }

    /// <summary>How many images are shown, the worst first. Default: 100.</summary>
    public int MaxImages { get; init; } = 100;

    /// <summary>Pictures larger than this many bytes are named instead of shown. Default: 4 MiB.</summary>
    public long MaxPictureBytes { get; init; } = 4L << 20;

    /// <summary>The metric to sort by. Default: CIDEr.</summary>
    public string SortBy { get; init; } = "CIDEr";

    /// <summary>Confidence intervals to show, or null.</summary>
    public IReadOnlyList<ConfidenceInterval>? Intervals { get; init; }

    /// <summary>Splits to show.</summary>
    public IReadOnlyList<SplitScores> Splits { get; init; } = [];
}

/// <summary>
/// A report as one HTML file that needs nothing else and no network: scores, splits, and for each image the picture (as a data URI), the machine
/// caption and the references. Readable with a screen reader: headings in order, captioned tables with header cells, alternative texts.
/// </summary>
public static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem }
        table { border-collapse: collapse; margin: 1rem 0 } caption { text-align: left; font-weight: bold; padding: .25rem 0 }
        th, td { border: 1px solid #767676; padding: .25rem .5rem; text-align: left; vertical-align: top } td.number { text-align: right; font-variant-numeric: tabular-nums }
        article { border-top: 1px solid #767676; padding: 1rem 0 } .pair { display: flex; flex-wrap: wrap; gap: 1rem }
        .pair img { max-width: min(24rem, 100%); height: auto; align-self: flex-start } .pair div { flex: 1 1 20rem }
        a.skip { position: absolute; left: -100vw } a.skip:focus { left: 1rem }
        """;

    /// <summary>The HTML text.</summary>
    /// <exception cref="MetricsException">There is no such metric to sort by.</exception>
    public static string Write(EvaluationReport report, HtmlReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        options ??= new HtmlReportOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxImages, nameof(options));
        var order = WorstFirst.Order(report, options.SortBy);
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n")
            .Append(CultureInfo.InvariantCulture, $"<title>{Text(options.Title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#images\">Skip to the images</a>\n<main>\n<h1>{Text(options.Title)}</h1>\n");
        WriteScores(html, report, options);
        WriteSplits(html, report, options);
        html.Append(CultureInfo.InvariantCulture, $"<h2 id=\"images\">Images, lowest {Text(options.SortBy)} first</h2>\n<p>{Math.Min(options.MaxImages, order.Length)} of {order.Length} images.</p>\n");
        foreach (var i in order.Take(options.MaxImages))
            WriteImage(html, report, i, options);
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>Writes the HTML text to a file.</summary>
    /// <inheritdoc cref="Write"/>
    public static void Save(string path, EvaluationReport report, HtmlReportOptions? options = null) => AtomicText.Write(path, Write(report, options));

    private static void WriteScores(StringBuilder html, EvaluationReport report, HtmlReportOptions options)
    {
        html.Append("<h2>Scores</h2>\n<table>\n<caption>Corpus scores</caption>\n<thead><tr><th scope=\"col\">Metric</th><th scope=\"col\">Score</th>");
        if (options.Intervals is not null)
            html.Append("<th scope=\"col\">Interval</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var metric in report.Metrics)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Text(metric.Name)}</th><td class=\"number\">{Number(metric.Corpus)}</td>");
            if (options.Intervals is not null)
            {
                var interval = options.Intervals.FirstOrDefault(x => x.Metric == metric.Name);
                html.Append(CultureInfo.InvariantCulture, $"<td>{(interval is null ? "" : $"{Number(interval.Low)} to {Number(interval.High)}")}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody>\n</table>\n<ul>\n");
        html.Append(CultureInfo.InvariantCulture, $"<li>{report.Images.Count} images scored, {report.SkippedImages.Count} skipped without references, {report.MissingImages.Count} without a caption.</li>\n");
        html.Append(CultureInfo.InvariantCulture, $"<li>{report.DistinctCaptions} different captions; the most frequent one, “{Text(report.MostFrequentCaption)}”, is {(report.MostFrequentShare * 100).ToString("0.0", CultureInfo.InvariantCulture)} % of all.</li>\n");
        foreach (var note in report.Notes)
            html.Append(CultureInfo.InvariantCulture, $"<li>{Text(note)}</li>\n");
        html.Append("</ul>\n");
    }

    private static void WriteSplits(StringBuilder html, EvaluationReport report, HtmlReportOptions options)
    {
        if (options.Splits.Count == 0)
            return;
        html.Append("<h2>Splits</h2>\n<table>\n<caption>Corpus scores of parts of the images</caption>\n<thead><tr><th scope=\"col\">Part</th><th scope=\"col\">Images</th>");
        foreach (var metric in report.Metrics)
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{Text(metric.Name)}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var split in options.Splits)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Text(split.Name)}</th><td class=\"number\">{split.Images}</td>");
            foreach (var metric in report.Metrics)
                html.Append(CultureInfo.InvariantCulture, $"<td class=\"number\">{(split.Scores.TryGetValue(metric.Name, out var value) ? Number(value) : "")}</td>");
            html.Append("</tr>\n");
        }

        html.Append("</tbody>\n</table>\n");
    }

    private static void WriteImage(StringBuilder html, EvaluationReport report, int i, HtmlReportOptions options)
    {
        var image = report.Images[i];
        var name = image.Image.FileName ?? $"image {image.Image.Id}";
        html.Append(CultureInfo.InvariantCulture, $"<article aria-labelledby=\"image-{i}\">\n<h3 id=\"image-{i}\">{Text(name)} (id {image.Image.Id})</h3>\n<div class=\"pair\">\n");
        html.Append(Picture(image, options)).Append("<div>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h4>Machine caption</h4>\n<p>{Text(image.Candidate.Length == 0 ? "(empty)" : image.Candidate)}</p>\n<h4>References</h4>\n<ul>\n");
        foreach (var reference in image.References)
            html.Append(CultureInfo.InvariantCulture, $"<li>{Text(reference)}</li>\n");
        html.Append(CultureInfo.InvariantCulture, $"</ul>\n<table>\n<caption>Scores of {Text(name)}</caption>\n<thead><tr>");
        foreach (var metric in report.Metrics)
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{Text(metric.Name)}</th>");
        html.Append("</tr></thead>\n<tbody><tr>");
        foreach (var metric in report.Metrics)
            html.Append(CultureInfo.InvariantCulture, $"<td class=\"number\">{Number(metric.Images[i])}</td>");
        html.Append("</tr></tbody>\n</table>\n</div>\n</div>\n</article>\n");
    }

    private static string Picture(EvaluatedImage image, HtmlReportOptions options)
    {
        if (options.ImagesFolder is null)
            return "";
        var file = Path.GetFileName(image.Image.FileName ?? "");
        var path = Path.Combine(options.ImagesFolder, file);
        if (file.Length == 0 || !File.Exists(path))
            return $"<p>The picture {Text(file)} is not in the folder.</p>\n";
        if (new FileInfo(path).Length > options.MaxPictureBytes)
            return $"<p>The picture {Text(file)} is too large to be shown here.</p>\n";
        var bytes = BoundedJson.ReadBytes(path, options.MaxPictureBytes);
        return MediaType(bytes) is { } type
            ? $"<img alt=\"{Text(image.References[0])}\" loading=\"lazy\" src=\"data:{type};base64,{Convert.ToBase64String(bytes)}\">\n"
            : $"<p>The file {Text(file)} is not a picture that browsers show.</p>\n";
    }

    private static string? MediaType(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return "image/jpeg";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47]))
            return "image/png";
        if (bytes.StartsWith("GIF8"u8))
            return "image/gif";
        return bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8) ? "image/webp" : null;
    }

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "not defined";

    private static string Text(string value) => WebUtility.HtmlEncode(value);
}
