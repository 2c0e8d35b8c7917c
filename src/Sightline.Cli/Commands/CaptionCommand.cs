using System.CommandLine;
using Sightline.Cli.Captioning;
using Sightline.Cli.Output;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline caption</c>: one line for each picture.</summary>
internal static class CaptionCommand
{
    public static Command Create()
    {
        var images = new Argument<string[]>("pictures") { Description = "Files, folders, patterns such as \"photos/*.jpg\", or - to read one picture from the standard input.", Arity = ArgumentArity.OneOrMore };
        var model = new Option<string>("--model", "-m") { Description = "The model's folder, as Hugging Face lays it out.", HelpName = "DIR" };
        var settings = new CaptionSettings();
        var recursive = new Option<bool>("--recursive", "-r") { Description = "Take pictures from the folders inside a folder, too." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object for each picture." };
        var verb = new Verb("caption", "Describe pictures, one line each: name, tab, caption.")
        {
            Notes = """
                Examples:
                  sightline caption photo.jpg --model path/to/model
                  sightline caption photos --recursive --model path/to/model --json > captions.jsonl
                  sightline caption "photos/**/*.jpg" --model path/to/model --beams 4 --num-return 3
                  curl -s https://example.org/photo.jpg | sightline caption - --model path/to/model

                Settings that are not given come from the model. A picture that cannot be captioned is reported on the
                standard error stream, the others are done, and the exit code is 1. Otherwise it is 0; 2 for a command
                line that cannot be understood; 130 after Ctrl-C.
                """,
        };
        verb.Add(images);
        verb.Add(model);
        foreach (var option in settings.Options)
            verb.Add(option);
        verb.Add(recursive);
        verb.Add(json);
        verb.Validators.Add(result =>
        {
            if (result.GetResult(model) is null)
                result.AddError("--model is missing; give the folder of a model: --model path/to/model.");
            if (result.GetResult(images)?.Tokens.Count(token => token.Value == ImageArgument.StandardInput) > 1)
                result.AddError("- is given twice; the standard input holds one picture.");
        });
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            var pictures = ImageArguments.Expand(result.GetRequiredValue(images), result.GetValue(recursive));
            var captionerOptions = settings.CaptionerOptions(result);
            using var captioner = Captioner.Load(result.GetRequiredValue(model), captionerOptions);
            var options = settings.GenerationOptions(result, captioner);
            var pipeline = new CaptionPipeline(captioner, options, captionerOptions);
            var printer = new CaptionPrinter(terminal, result.GetValue(json), result.GetValue(CommandLine.Verbose));
            var failed = false;
            await ProgressBar.RunAsync(terminal, "captions", pictures.Count, async step =>
            {
                await foreach (var caption in pipeline.RunAsync(pictures, cancellationToken))
                {
                    printer.Print(caption);
                    failed |= caption.Error is not null;
                    step();
                }
            });
            return failed ? ExitCode.Failed : ExitCode.Done;
        });
        return verb;
    }
}
