using Sightline.Metrics;
using Sightline.Metrics.Analysis;
using Sightline.Metrics.Reports;

namespace Sightline.Cli.Evaluation;

/// <summary>Everything needed to score a set of captions, read and checked.</summary>
internal sealed record Scoring
{
    private const int DefaultResamples = 1000;

    /// <summary>The references.</summary>
    public required CaptionAnnotations Annotations { get; init; }

    /// <summary>The rules.</summary>
    public required EvaluationOptions Options { get; init; }

    /// <summary>A second results file to compare with, and its name.</summary>
    public (string Name, IReadOnlyList<CaptionResult> Results)? Other { get; init; }

    /// <summary>How often the pictures are drawn for intervals; null: no intervals.</summary>
    public int? Resamples { get; init; }

    /// <summary>The seed of the draws.</summary>
    public ulong Seed { get; init; }

    /// <summary>A VizWiz-QualityIssues file.</summary>
    public string? QualityFile { get; init; }

    /// <summary>Where the table goes.</summary>
    public string? CsvFile { get; init; }

    /// <summary>Where the web page goes.</summary>
    public string? HtmlFile { get; init; }

    /// <summary>The pictures for the web page.</summary>
    public string? ImagesFolder { get; init; }

    /// <summary>Scores the captions, and writes the files that were asked for.</summary>
    /// <param name="name">What the captions are called beside those of <see cref="Other"/>.</param>
    /// <param name="results">The captions.</param>
    /// <exception cref="MetricsException">They cannot be scored, or a file cannot be written.</exception>
    public ScoredCaptions Run(string name, IReadOnlyList<CaptionResult> results)
    {
        var report = CaptionEvaluation.Run(Annotations, results, Options);
        var scored = new ScoredCaptions
        {
            Name = name,
            Report = report,
            MeteorStages = Options.Meteor is { HasParaphrases: true } ? 4 : 3,
            Intervals = Resamples is { } draws ? Bootstrap.Intervals(report, draws, seed: Seed) : null,
            OtherName = Other?.Name,
            Comparison = Other is { } other
                ? Bootstrap.Compare(CaptionEvaluation.Run(Annotations, other.Results, Options), report, Resamples ?? DefaultResamples, seed: Seed)
                : null,
            Splits =
            [
                .. Splits.ByTextDetected(report),
                .. Splits.ByCaptionLength(report),
                .. QualityFile is { } file ? Splits.ByQualityFlaw(report, file) : [],
            ],
        };
        if (CsvFile is not null)
            EvaluationCsv.Save(CsvFile, report);
        if (HtmlFile is not null)
            HtmlReport.Save(HtmlFile, report, new HtmlReportOptions { Title = $"Scores of {name}", ImagesFolder = ImagesFolder, Intervals = scored.Intervals, Splits = scored.Splits });
        return scored;
    }
}
