using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Sightline.Metrics.Analysis;
using Sightline.Metrics.Reports;
using Sightline.Metrics.Tests.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Reports;

public sealed partial class ReportTests
{
    private static readonly EvaluationReport s_report = CaptionEvaluation.Run(Pool.Vizwiz, Pool.Demo100);

    [Fact]
    public void Json_OfAReport_HasFullPrecisionAndTheWorstFirst()
    {
        var json = JsonNode.Parse(EvaluationJson.Write(s_report))!;
        foreach (var metric in s_report.Metrics)
            Assert.Equal(metric.Corpus, json["corpus"]![metric.Name]!.GetValue<double>());
        var images = json["images"]!.AsArray();
        Assert.Equal(s_report.Images.Count, images.Count);
        Assert.Equal(s_report.Metric("CIDEr").Images.Order(), images.Select(x => x!["CIDEr"]!.GetValue<double>()));
        Assert.Equal(s_report.SkippedImages.Count, json["skipped"]!.GetValue<int>());
        Assert.Equal(["corpus", "images", "skipped"], json.AsObject().Select(x => x.Key).Take(3));
    }

    [Fact]
    public void Csv_OfAReport_HasALineForEachImage()
    {
        var lines = EvaluationCsv.Write(s_report, "Bleu_4").Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(s_report.Images.Count + 1, lines.Length);
        Assert.Equal("image_id,file_name,Bleu_1,Bleu_2,Bleu_3,Bleu_4,ROUGE_L,CIDEr,caption,references", lines[0]);
        var worst = double.Parse(lines[1].Split(',')[5], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(s_report.Metric("Bleu_4").Images.Min(), worst);
    }

    [Fact]
    public void Write_UnknownMetric_SaysWhichThereAre() =>
        Assert.Contains("ROUGE_L", Assert.Throws<MetricsException>(() => EvaluationJson.Write(s_report, "METEOR")).Message, StringComparison.Ordinal);

    [Fact]
    public void Html_OfAReport_IsSelfContainedAndAccessible()
    {
        var folder = Directory.CreateTempSubdirectory("metrics-report").FullName;
        try
        {
            var order = s_report.Images.Zip(s_report.Metric("CIDEr").Images).OrderBy(x => x.Second).ToList();
            byte[] png = [0x89, 0x50, 0x4E, 0x47, 1, 2, 3];
            File.WriteAllBytes(Path.Combine(folder, order[0].First.Image.FileName!), png);
            var html = HtmlReport.Write(s_report, new HtmlReportOptions
            {
                ImagesFolder = folder,
                MaxImages = 5,
                Title = "A <b> & \"title\"",
                Intervals = Bootstrap.Intervals(s_report, 20),
                Splits = Splits.ByTextDetected(s_report),
            });
            Assert.Contains($"data:image/png;base64,{Convert.ToBase64String(png)}", html, StringComparison.Ordinal);
            Assert.Equal(5, Article().Count(html));
            Assert.DoesNotContain("http:", html, StringComparison.Ordinal);
            Assert.DoesNotContain("https:", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
            Assert.Contains("<html lang=\"en\">", html, StringComparison.Ordinal);
            Assert.Contains("A &lt;b&gt; &amp; &quot;title&quot;", html, StringComparison.Ordinal);
            Assert.All(Image().Matches(html), match => Assert.Matches("alt=\"[^\"]+\"", match.Value));
            var levels = Heading().Matches(html).Select(x => int.Parse(x.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(1, levels[0]);
            Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1 && pair.Second > 1));
            Assert.Equal(Table().Count(html), Caption().Count(html));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Html_BodyWithoutVoidElements_IsWellFormed()
    {
        var html = HtmlReport.Write(s_report, new HtmlReportOptions { MaxImages = 3 });
        var body = html[html.IndexOf("<body>", StringComparison.Ordinal)..(html.IndexOf("</body>", StringComparison.Ordinal) + 7)];
        Assert.Equal("body", XElement.Parse(body).Name.LocalName);
    }

    [GeneratedRegex("<article")]
    private static partial Regex Article();

    [GeneratedRegex("<img[^>]*>")]
    private static partial Regex Image();

    [GeneratedRegex("<h([1-6])[ >]")]
    private static partial Regex Heading();

    [GeneratedRegex("<table>")]
    private static partial Regex Table();

    [GeneratedRegex("<caption>")]
    private static partial Regex Caption();
}
