using System.CommandLine;
using Sightline.Cli.Evaluation;
using Sightline.Metrics;

namespace Sightline.Cli.Commands;

/// <summary>The options of <c>score</c> and <c>evaluate</c> that say what is scored, by which rules, and where the reports go.</summary>
internal sealed class ScoreSettings
{
    private const int MostResamples = 100_000; // Bootstrap takes no more

    private readonly Option<bool> _coco = new("--coco") { Description = "The rules and order of the COCO challenge: no reference is dropped." };
    private readonly Option<bool> _keepPrecanned = new("--keep-precanned") { Description = "Keep references flagged is_precanned, which the VizWiz challenge drops." };
    private readonly Option<bool> _keepRejected = new("--keep-rejected") { Description = "Keep references flagged is_rejected, which the VizWiz challenge drops." };
    private readonly Option<string?> _csv = File("--csv", "FILE", "Write a table with a row for each picture, worst first.");
    private readonly Option<string?> _html = File("--html", "FILE", "Write a report as one web page that needs no network.");
    private readonly Option<int?> _bootstrap = NumberOption.Whole<int>("--bootstrap", "Draw the pictures this often, with replacement, and give 95 % intervals.", 1, MostResamples);
    private readonly Option<string?> _compare = File("--compare", "OTHER_RESULTS", "Score a second results file too, and say whether the difference is more than chance.");
    private readonly Option<string?> _quality = File("--quality", "FILE", "A VizWiz-QualityIssues file: scores for each flaw.");
    private readonly Option<string?> _paraphrases = File("--paraphrases", "FILE", "METEOR's paraphrase table (paraphrase-en.gz); without it three of the four stages run.");
    private readonly Option<string?> _spiceParses = File("--spice-parses", "FILE", "Dependency parses or scene-graph tuples of the tokenized captions, a JSON object a line; without it there is no SPICE.");
    private readonly Option<long?> _seed;

    /// <param name="seed">The seed of the bootstrap, if the verb has an option of this name already; it is then not added again.</param>
    public ScoreSettings(Option<long?>? seed = null)
    {
        _seed = seed ?? NumberOption.Whole<long>("--seed", "Bootstrap and --compare: the same seed gives the same intervals (default 42).");
        List<Option> options = [_coco, _keepPrecanned, _keepRejected, _csv, _html, _bootstrap];
        if (seed is null)
            options.Add(_seed);
        Options = [.. options, _compare, _quality, _paraphrases, _spiceParses, Json];
    }

    /// <summary>Print one JSON object instead of lines.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Print one JSON object with every score in full precision, worst picture first." };

    /// <summary>Every option, in the order of the help text.</summary>
    public IReadOnlyList<Option> Options { get; }

    /// <summary>Reads the annotations and every file that the options name, so that a fault shows before work is done.</summary>
    /// <exception cref="MetricsException">A file cannot be used.</exception>
    public Scoring Load(ParseResult result, string annotations, string? images)
    {
        if (images is not null && !Directory.Exists(images))
            throw new MetricsException($"{images}: there is no such folder (--images, the pictures that --html shows).");
        var rules = result.GetValue(_coco) ? EvaluationOptions.Coco : new EvaluationOptions();
        return new Scoring
        {
            Annotations = CaptionAnnotations.Load(annotations),
            Options = rules with
            {
                IgnorePrecanned = rules.IgnorePrecanned && !result.GetValue(_keepPrecanned),
                IgnoreRejected = rules.IgnoreRejected && !result.GetValue(_keepRejected),
                Meteor = result.GetValue(_paraphrases) is { } table ? Meteor.WithParaphrases(table) : new Meteor(),
                SpiceParses = result.GetValue(_spiceParses) is { } parses ? SpiceParses.Load(parses) : null,
            },
            Other = result.GetValue(_compare) is { } other ? (Path.GetFileName(other), CaptionResults.Load(other)) : null,
            Resamples = result.GetValue(_bootstrap),
            Seed = (ulong)(result.GetValue(_seed) ?? 42),
            QualityFile = result.GetValue(_quality),
            CsvFile = result.GetValue(_csv),
            HtmlFile = result.GetValue(_html),
            ImagesFolder = images,
        };
    }

    private static Option<string?> File(string name, string helpName, string description) => new(name) { Description = description, HelpName = helpName };
}
