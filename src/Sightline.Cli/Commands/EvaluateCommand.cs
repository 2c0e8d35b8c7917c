using System.CommandLine;
using Sightline.Cli.Captioning;
using Sightline.Cli.Evaluation;
using Sightline.Cli.Models;
using Sightline.Cli.Output;
using Sightline.Metrics;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline evaluate</c>: captions every picture of an annotated set and scores the captions.</summary>
internal static class EvaluateCommand
{
    private const string JournalSuffix = ".partial.jsonl";

    public static Command Create()
    {
        var model = new ModelSettings();
        var data = new Option<string>("--data") { Description = "References as VizWiz-Captions and COCO lay them out.", HelpName = "ANNOTATIONS.json", Required = true };
        var images = new Option<string>("--images") { Description = "The folder with the pictures that the annotations name.", HelpName = "DIR", Required = true };
        var output = new Option<string?>("--out", "-o") { Description = "Write the captions as EvalAI takes them; an interrupted run then continues.", HelpName = "RESULTS.json" };
        var captions = new CaptionSettings();
        Option[] captionOptions = [.. captions.Options.Where(option => option.Name != "--num-return")]; // one caption a picture is scored
        var scores = new ScoreSettings(captionOptions.OfType<Option<long?>>().Single(option => option.Name == "--seed"));
        var verb = new Verb("evaluate", "Caption every picture of an annotated set, and score the captions.")
        {
            Notes = """
                Examples:
                  sightline evaluate --model path/to/model --data annotations/val.json --images val --out results.json
                  sightline evaluate --model path/to/model --data annotations/val.json --images val --beams 4 --batch 16 --json
                  sightline evaluate --model path/to/model --data annotations/val.json --images val --no-exif

                With --out, captions are kept in RESULTS.json.partial.jsonl as they are made, and the same command goes on
                where it was stopped. Photos are turned the way their EXIF data say; training in Transformers 4.17 did not do
                that, and --no-exif gives its numbers. A picture that cannot be captioned is reported and left out, the rest
                is scored, and the exit code is 1. --seed serves sampling and --bootstrap.
                """,
        };
        model.AddTo(verb);
        foreach (var option in (IEnumerable<Option>)[data, images, output, .. captionOptions, .. scores.Options])
            verb.Add(option);
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            var scoring = scores.Load(result, result.GetRequiredValue(data), result.GetRequiredValue(images));
            var pictures = AnnotatedPictures.Find(scoring.Annotations, result.GetRequiredValue(images));
            var captionerOptions = captions.CaptionerOptions(result);
            var folder = await model.LocateAsync(result, terminal, cancellationToken);
            using var captioner = Captioner.Load(folder, captionerOptions);
            var generation = captions.GenerationOptions(result, captioner);
            var set = new SetCaptioner(captioner, generation, captions.PipelineOptions(result), terminal);
            var file = result.GetValue(output);
            using var journal = file is null ? null : new CaptionJournal(file + JournalSuffix, RunFingerprint.Compute(folder, generation, captionerOptions));
            var made = await set.RunAsync(pictures, journal, cancellationToken);
            var results = pictures.Where(picture => made.ContainsKey(picture.Id)).Select(picture => new CaptionResult(picture.Id, made[picture.Id])).ToList();
            if (results.Count == 0)
                throw new ConfigurationException("no picture could be captioned; there is nothing to score.");
            var failed = results.Count < pictures.Count;
            if (file is not null)
            {
                CaptionResults.Save(file, results);
                if (failed)
                    terminal.WriteError($"sightline: {pictures.Count - results.Count} pictures have no caption; the same command tries these again ({journal!.Path}).");
                else
                    journal!.Delete();
            }

            ScorePrinter.Print(terminal, scoring.Run(file is null ? "the captions" : Path.GetFileName(file), results), result.GetValue(scores.Json));
            return failed ? ExitCode.Failed : ExitCode.Done;
        });
        return verb;
    }
}
