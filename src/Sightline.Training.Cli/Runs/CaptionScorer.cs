using System.Text.Json.Nodes;
using Sightline.Data;
using Sightline.Generation;
using Sightline.Metrics;
using Sightline.Models;
using Sightline.Tokenization;
using Sightline.Training.Cli.Data;
using Sightline.Training.Distributed;
using Sightline.Training.Modeling;

namespace Sightline.Training.Cli.Runs;

/// <summary>
/// <c>predict_with_generate</c>: captions every validation picture once with the weights as they stand, by the core library, and scores the captions by the
/// rules of the VizWiz challenge. Pictures whose captions are all rejected or pre-canned are not captioned: no score counts them.
/// </summary>
internal sealed class CaptionScorer
{
    private static readonly EvaluationOptions s_rules = new() { Meteor = new Meteor() };

    private readonly CaptionDataset _dataset;
    private readonly CaptionTrainingData _data;
    private readonly Gpt2Tokenizer _tokenizer;
    private readonly GenerationOptions _generation;
    private readonly TrainingArguments _arguments;
    private readonly CaptionAnnotations _references;
    private readonly int[] _images;
    private readonly ICollective _ranks;

    /// <param name="dataset">The validation captions, which are the references.</param>
    /// <param name="data">Their pictures.</param>
    /// <param name="tokenizer">Ids to text.</param>
    /// <param name="generation">How captions are searched for.</param>
    /// <param name="arguments">Batch size and threads.</param>
    /// <param name="ranks">The processes that share the pictures.</param>
    /// <exception cref="ConfigurationException">No picture has a caption that counts.</exception>
    public CaptionScorer(CaptionDataset dataset, CaptionTrainingData data, Gpt2Tokenizer tokenizer, GenerationOptions generation, TrainingArguments arguments, ICollective ranks)
    {
        (_dataset, _data, _tokenizer, _generation, _arguments, _ranks) = (dataset, data, tokenizer, generation, arguments, ranks);
        var references = dataset.ExamplesByImage().Select(captions => captions.Select(i => dataset.Examples[i]).Select(e => new ReferenceCaption(e.Caption, e.IsRejected, e.IsPrecanned)).ToList()).ToList();
        _images = [.. Enumerable.Range(0, references.Count).Where(image => references[image].Any(Counts))];
        if (_images.Length == 0)
            throw new ConfigurationException($"{dataset.Source}: predict_with_generate has nothing to compare with: every caption is flagged is_rejected or is_precanned, and the VizWiz rules drop those.");
        _references = new CaptionAnnotations(_images.Select(image => new AnnotatedImage(dataset.Images[image].Id, dataset.Images[image].FileName, dataset.Images[image].TextDetected, references[image])));
    }

    /// <summary>The names of the scores, in the order of the official scorer.</summary>
    public static IReadOnlyList<string> Names { get; } = ["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr", "METEOR"];

    /// <summary>The captions of the last evaluation.</summary>
    public IReadOnlyList<CaptionResult> Captions { get; private set; } = [];

    /// <summary>Their scores; null before the first evaluation.</summary>
    public EvaluationReport? Report { get; private set; }

    /// <summary>Captions one picture, so that settings which cannot work show before hours of training and not after.</summary>
    /// <exception cref="ConfigurationException">The generation settings cannot be used.</exception>
    public void Try(TrainableModel model) => Caption(model, [_images[0]]);

    /// <summary>Captions all pictures and scores the captions.</summary>
    public IReadOnlyList<(string Name, double Value)> Score(TrainableModel model)
    {
        Captions = Share(Caption(model, [.. _images.Where((_, i) => i % _ranks.WorldSize == _ranks.Rank)]));
        Report = CaptionEvaluation.Run(_references, Captions, s_rules);
        return [.. Report.Metrics.Select(metric => (metric.Name, metric.Corpus))];
    }

    // Every rank gets the captions of all, in the order of the pictures, so that all come to the same scores.
    private List<CaptionResult> Share(List<CaptionResult> mine)
    {
        if (_ranks.WorldSize == 1)
            return mine;
        var texts = _ranks.Gather(new JsonArray([.. mine.Select(caption => JsonValue.Create(caption.Caption))]).ToJsonString()).Select(text => JsonNode.Parse(text)!.AsArray()).ToList();
        return [.. _images.Select((image, i) => new CaptionResult(_dataset.Images[image].Id, (string)texts[i % _ranks.WorldSize][i / _ranks.WorldSize]!))];
    }

    private List<CaptionResult> Caption(TrainableModel trainable, int[] pictures)
    {
        using var model = trainable.ToInferenceModel(new ModelOptions { Threads = _arguments.Threads });
        var captions = new List<CaptionResult>(pictures.Length);
        foreach (var (images, pixelValues) in _data.ReadPictures(pictures, _arguments.PerDeviceEvalBatchSize))
        {
            using var encoded = model.Encode(pixelValues, images.Length);
            var output = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), _generation);
            captions.AddRange(output.Sequences.Select(sequence =>
                new CaptionResult(_dataset.Images[images[sequence.Image]].Id, _tokenizer.Decode(sequence.TokenIds.ToArray(), skipSpecialTokens: true))));
        }

        return captions;
    }

    private static bool Counts(ReferenceCaption caption) => !(s_rules.IgnoreRejected && caption.IsRejected) && !(s_rules.IgnorePrecanned && caption.IsPrecanned);
}
