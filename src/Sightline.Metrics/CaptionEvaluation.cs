using Sightline.Metrics.IO;
using Sightline.Metrics.Scoring;

namespace Sightline.Metrics;

/// <summary>Scores a results file against an annotation file as the challenges do.</summary>
public static class CaptionEvaluation
{
    /// <summary>
    /// The images evaluated are those of the results file that have a reference left, in the order of the annotation file. References and
    /// candidates are tokenized as one stream each.
    /// </summary>
    /// <param name="annotations">The references.</param>
    /// <param name="results">One caption for each image; a partial set is legal.</param>
    /// <param name="options">The rules; null: those of the VizWiz challenge.</param>
    /// <exception cref="MetricsException">Repeated or unknown image ids (all are listed), or no image is left to evaluate.</exception>
    public static EvaluationReport Run(CaptionAnnotations annotations, IReadOnlyList<CaptionResult> results, EvaluationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(annotations);
        ArgumentNullException.ThrowIfNull(results);
        options ??= new EvaluationOptions();
        var captions = Index(annotations, results);

        var selected = new List<(AnnotatedImage Image, string Candidate, string[] References)>();
        var skipped = new List<long>();
        var missing = new List<long>();
        var dropped = 0;
        foreach (var image in annotations.Images)
        {
            var references = image.References
                .Where(r => !(options.IgnoreRejected && r.IsRejected) && !(options.IgnorePrecanned && r.IsPrecanned))
                .Select(r => r.Caption).ToArray();
            if (captions.TryGetValue(image.Id, out var candidate))
            {
                dropped += image.References.Count - references.Length;
                if (references.Length == 0)
                    skipped.Add(image.Id);
                else
                    selected.Add((image, candidate, references));
            }
            else if (references.Length > 0)
            {
                missing.Add(image.Id);
            }
        }

        if (selected.Count == 0)
            throw new MetricsException($"No image is left to evaluate: all {skipped.Count} of the results have only rejected or pre-canned references.");
        var images = Tokenize(selected);
        var notes = new List<string>();
        var metrics = Score(images, options, notes, out var bleu, out var meteor);
        var frequent = images.GroupBy(image => image.Candidate, StringComparer.Ordinal).ToList();
        var most = frequent.MaxBy(group => group.Count())!;
        return new EvaluationReport
        {
            Metrics = metrics,
            Images = images,
            BleuStatistics = bleu.Statistics,
            BleuImageStatistics = bleu.ImageStatistics,
            MeteorImageStatistics = meteor?.Statistics,
            SkippedImages = skipped,
            MissingImages = missing,
            DroppedReferences = dropped,
            DistinctCaptions = frequent.Count,
            MostFrequentCaption = most.Key,
            MostFrequentShare = (double)most.Count() / images.Length,
            Notes = notes,
        };
    }

    private static Dictionary<long, string> Index(CaptionAnnotations annotations, IReadOnlyList<CaptionResult> results)
    {
        if (results.Count == 0)
            throw new MetricsException("The results are empty; there is nothing to evaluate.");
        var captions = new Dictionary<long, string>(results.Count);
        var repeated = new SortedSet<long>();
        var unknown = new SortedSet<long>();
        foreach (var result in results)
        {
            if (!captions.TryAdd(result.ImageId, result.Caption))
                repeated.Add(result.ImageId);
            if (annotations.Find(result.ImageId) is null)
                unknown.Add(result.ImageId);
        }

        if (repeated.Count == 0 && unknown.Count == 0)
            return captions;
        var faults = new List<string>();
        if (repeated.Count > 0)
            faults.Add($"{repeated.Count} image ids occur more than once: {Faults.List(repeated)}");
        if (unknown.Count > 0)
            faults.Add($"{unknown.Count} image ids are not in the annotations: {Faults.List(unknown)}");
        throw new MetricsException($"The results cannot be scored: {string.Join("; ", faults)}.");
    }

    private static EvaluatedImage[] Tokenize(List<(AnnotatedImage Image, string Candidate, string[] References)> selected)
    {
        var candidates = PtbTokenizer.Tokenize([.. selected.Select(x => x.Candidate)]);
        var references = PtbTokenizer.Tokenize([.. selected.SelectMany(x => x.References)]);
        var images = new EvaluatedImage[selected.Count];
        var at = 0;
        for (var i = 0; i < images.Length; i++)
        {
            var (image, candidate, own) = selected[i];
            images[i] = new EvaluatedImage(image, candidate, own, candidates[i], references[at..(at + own.Length)]);
            at += own.Length;
        }

        return images;
    }

    private static List<MetricResult> Score(EvaluatedImage[] images, EvaluationOptions options, List<string> notes, out BleuResult bleu, out MeteorResult? meteor)
    {
        string[] candidates = [.. images.Select(x => x.TokenizedCandidate)];
        IReadOnlyList<string>[] references = [.. images.Select(x => x.TokenizedReferences)];
        var corpus = new NgramCorpus(candidates, references);
        bleu = Bleu.Score(corpus);
        var rouge = RougeL.Score(candidates, references);
        var cider = CiderD.Score(corpus, options.DocumentFrequencies);
        if (options.DocumentFrequencies is not null)
            notes.Add($"CIDEr: document frequencies of {options.DocumentFrequencies.Documents} images from a file, not from these references.");
        meteor = options.Meteor?.Score(candidates, references);
        if (options.Meteor is { HasParaphrases: false })
            notes.Add("METEOR: three stages ran (exact, stem, synonym); without a paraphrase table the value is not METEOR 1.5's.");

        if (options.SpiceParses is { FromDependencies: > 0 } parses)
            notes.Add($"SPICE: the tuples of {parses.FromDependencies} of the {parses.Count} captions come from their dependencies; the value is SPICE 1.0's only if the parser was.");
        var spice = options.SpiceParses is null ? null : Spice.Score(candidates, references, options.SpiceParses).Metric;
        IEnumerable<MetricResult?> order = options.CocoOrder
            ? [.. bleu.Orders, meteor?.Metric, rouge, cider, spice]
            : [.. bleu.Orders, rouge, cider, spice, meteor?.Metric];
        return [.. order.OfType<MetricResult>()];
    }
}
