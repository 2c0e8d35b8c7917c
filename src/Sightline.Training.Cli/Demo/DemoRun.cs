using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.IO;
using Sightline.Models;
using Sightline.Training.Cli.Output;
using Sightline.Training.Modeling;

namespace Sightline.Training.Cli.Demo;

/// <summary>
/// The main job from data to caption: make pictures, learn a vocabulary, train a small ViT-GPT2 from nothing, save it, caption held-out pictures with
/// the core library, judge every caption by rule, and show it all on a page.
/// </summary>
internal sealed class DemoRun(DemoOptions options, TextWriter output)
{
    private static readonly (string Kind, string Words)[] s_kinds = [("one", "single objects"), ("pair", "two objects and their relation"), ("severe", "spoilt pictures")];

    public void Run(CancellationToken stop)
    {
        options.Validate();
        Directory.CreateDirectory(options.Out);
        var clock = Stopwatch.StartNew();
        var data = DemoData.Make(options.Seed);
        Say($"Made {data.Train.Length + data.Val.Length + data.Heldout.Length} pictures with 5 captions each and a vocabulary of {data.Tokenizer.VocabularySize} tokens", clock);

        var modelFolder = Path.Combine(options.Out, "model");
        var losses = Learn(data, modelFolder, clock, stop);
        Say($"Saved the checkpoint in {modelFolder}", clock);

        using var captioner = Captioner.Load(modelFolder, new CaptionerOptions { Threads = options.Threads });
        var val = DemoJudge.Judge(captioner, data, data.Val);
        var heldout = DemoJudge.Judge(captioner, data, data.Heldout);
        Say($"Captioned {val.Count + heldout.Count} pictures it has never seen", clock);
        Report(val, heldout);

        AtomicFile.WriteAllText(Path.Combine(options.Out, "loss.svg"), LossCurve.ToSvg(losses));
        var picture = WriteSamplePicture(data);
        DemoPage.Write(Path.Combine(options.Out, "index.html"), options, data, losses, Rows(val, heldout), val, heldout);
        WriteResults(val, heldout, losses);
        AtomicFile.WriteAllText(Path.Combine(modelFolder, "README.md"), DemoCard.Create(options, data, captioner.Model, losses, Rows(val, heldout), val, clock.Elapsed));
        output.WriteLine($"{picture}\t{captioner.Describe(picture, cancellationToken: stop).Text}");
        Say($"Look at {Path.Combine(options.Out, "index.html")}", clock);
    }

    /// <summary>The rows of the result: what was judged, how many captions are true, of how many.</summary>
    internal static IReadOnlyList<(string What, int True, int Count)> Rows(IReadOnlyList<JudgedCaption> val, IReadOnlyList<JudgedCaption> heldout)
    {
        var rows = s_kinds.Select(kind => Row($"new pictures: {kind.Words}", DemoJudge.Count(val, kind.Kind))).ToList();
        rows.AddRange(s_kinds[..2].Select(kind => Row($"colour and shape never seen together: {kind.Words}", DemoJudge.Count(heldout, kind.Kind))));
        return rows;

        static (string, int, int) Row(string what, (int True, int Count) counts) => (what, counts.True, counts.Count);
    }

    private IReadOnlyList<LossRow> Learn(DemoData data, string modelFolder, Stopwatch clock, CancellationToken stop)
    {
        var arguments = new TrainingArguments
        {
            OutputDir = options.Out,
            OverwriteOutputDir = true,
            PerDeviceTrainBatchSize = 24,
            PerDeviceEvalBatchSize = 50,
            LearningRate = 1.5e-3,
            WeightDecay = 0.01,
            AdamBeta2 = 0.98,
            WarmupSteps = Math.Min(100, options.Steps / 10),
            MaxSteps = options.Steps,
            LoggingSteps = Math.Max(1, options.Steps / 30),
            SaveStrategy = IntervalStrategy.No,
            Seed = options.Seed,
            LabelMaxLength = DemoModel.MaxTokens,
            Threads = options.Threads,
        };
        var config = DemoModel.Configure(data.Tokenizer.VocabularySize, data.Tokenizer.EosTokenId!.Value);
        using var model = TrainableModel.FromCheckpoint(ModelCheckpoint.Initialize(config, options.Seed, Compatibility.Transformers431));
        Say($"Learning {model.ParameterCount:N0} parameters in {options.Steps} updates", clock);
        using var trainer = new Trainer(model, arguments, new ShapesTrainingData(data, data.Train, options.Seed), new ShapesTrainingData(data, data.Val, options.Seed), [new DemoProgress(output)]);
        var result = trainer.Train(stop: stop);
        stop.ThrowIfCancellationRequested();
        var evaluation = trainer.Evaluate();
        Say(string.Create(CultureInfo.InvariantCulture, $"Learned: loss per token {evaluation.Losses.Masked:F3} on new pictures"), clock);

        model.ToCheckpoint().Save(modelFolder);
        data.Tokenizer.Save(modelFolder);
        data.Processor.Config.Save(modelFolder);
        GenerationConfig.FromModelConfig(config.Json).Save(modelFolder);
        result.State.Save(modelFolder);
        return [.. trainer.Losses];
    }

    private void Report(IReadOnlyList<JudgedCaption> val, IReadOnlyList<JudgedCaption> heldout)
    {
        output.WriteLine("True captions, judged by rule:");
        foreach (var (what, right, count) in Rows(val, heldout))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what}: {right} of {count} ({(double)right / count:P0})"));
        var distinct = val.Select(caption => caption.Caption.Text).Distinct().Count();
        output.WriteLine($"  different captions: {distinct} for {val.Count} new pictures");
    }

    private string WriteSamplePicture(DemoData data)
    {
        var picture = data.Val.First(candidate => candidate.Scene.Kind == "one");
        var path = Path.Combine(options.Out, picture.FileName);
        AtomicFile.WriteAllBytes(path, PngPicture.Encode(new RgbImage(data.Options.Size, data.Options.Size, picture.Pixels)));
        return path;
    }

    private void WriteResults(IReadOnlyList<JudgedCaption> val, IReadOnlyList<JudgedCaption> heldout, IReadOnlyList<LossRow> losses)
    {
        var results = new JsonObject { ["seed"] = options.Seed, ["steps"] = options.Steps, ["eval_loss"] = losses[^1].Losses.Masked, ["eval_loss_pad"] = losses[^1].Losses.Pad };
        foreach (var (what, right, count) in Rows(val, heldout))
            results[what] = new JsonObject { ["true"] = right, ["count"] = count };
        results["captions"] = new JsonArray([.. val.Concat(heldout).Select(caption => (JsonNode)new JsonObject
        {
            ["file_name"] = caption.Picture.FileName, ["caption"] = caption.Caption.Text, ["true"] = caption.IsTrue,
        })]);
        JsonFile.WriteObject(Path.Combine(options.Out, "results.json"), results);
    }

    private void Say(string what, Stopwatch clock) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} ({clock.Elapsed.TotalSeconds:F0} s)."));
}
