using System.CommandLine;
using Sightline.Cli.Models;
using Sightline.Cli.Output;
using Sightline.Cli.Pictures;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline filter</c>: a line in, a line out, for programs that pipe work through others.</summary>
internal static class FilterCommand
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(20);

    public static Command Create()
    {
        var model = new ModelSettings();
        var json = new Option<bool>("--json") { Description = "Give tokens and times, too." };
        var settings = new CaptionSettings();
        var verb = new Verb("filter", "Caption the pictures that lines on the standard input ask for; a line of JSON each.")
        {
            Notes = """
                Examples:
                  find photos -name '*.jpg' | sightline filter --model path/to/model > captions.jsonl
                  parallel --pipe --block 100k sightline filter --model path/to/model < pictures.jsonl > captions.jsonl
                  rdd.pipe("sightline filter --model path/to/model")         in Spark

                A line is the path of a picture, or an object with "image" (a path) or "bytes" (the file in Base64), and an "id"
                that the result repeats. Results come in the order of the lines, one for each: {"id":...,"text":...,"score":...},
                or {"id":...,"error":...}. The exit code is 0 whatever the pictures are like.
                """,
        };
        model.AddTo(verb);
        verb.Add(json);
        foreach (var option in settings.Options)
            verb.Add(option);
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            using var captioner = Captioner.Load(await model.LocateAsync(result, terminal, cancellationToken), settings.CaptionerOptions(result));
            var pipeline = new CaptionPipeline(captioner, settings.GenerationOptions(result, captioner), settings.PipelineOptions(result) with { Linger = s_patience });
            await foreach (var outcome in pipeline.RunAsync(PictureLines.ReadAsync(Console.OpenStandardInput(), cancellationToken), picture => picture.Open(), cancellationToken))
                terminal.WriteLine(CaptionJson.Line(outcome.Item.Id, outcome, result.GetValue(json)));
            return ExitCode.Done;
        });
        return verb;
    }
}
