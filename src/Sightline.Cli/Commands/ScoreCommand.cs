using System.CommandLine;
using Sightline.Cli.Output;
using Sightline.Metrics;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline score</c>: captions of any system against references, as the VizWiz and COCO challenges score them.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        var results = new Argument<string>("RESULTS.json") { Description = "Captions as EvalAI takes them: [{\"image_id\": 1, \"caption\": \"...\"}, ...]." };
        var annotations = new Argument<string>("ANNOTATIONS.json") { Description = "References as VizWiz-Captions and COCO lay them out." };
        var images = new Option<string?>("--images") { Description = "The folder with the pictures that --html shows.", HelpName = "DIR" };
        var settings = new ScoreSettings();
        var verb = new Verb("score", "Score captions as the VizWiz-Captions challenge does: BLEU, ROUGE-L, CIDEr-D, SPICE, METEOR.")
        {
            Notes = """
                Examples:
                  sightline score results.json annotations/val.json
                  sightline score results.json annotations/val.json --json > scores.json
                  sightline score results.json annotations/val.json --bootstrap 1000 --compare baseline.json
                  sightline score results.json annotations/val.json --html report.html --images val --csv table.csv

                The pictures scored are those of the results file that have a reference left. Ids that are repeated or that
                the annotations do not know are all listed, nothing is scored, and the exit code is 1.
                """,
        };
        verb.Add(results);
        verb.Add(annotations);
        verb.Add(images);
        foreach (var option in settings.Options)
            verb.Add(option);
        verb.Run((result, terminal, _) =>
        {
            var file = result.GetRequiredValue(results);
            var captions = CaptionResults.Load(file);
            var scoring = settings.Load(result, result.GetRequiredValue(annotations), result.GetValue(images));
            ScorePrinter.Print(terminal, scoring.Run(Path.GetFileName(file), captions), result.GetValue(settings.Json));
            return ExitCode.Done;
        });
        return verb;
    }
}
