using System.CommandLine;
using Sightline.Cli.Captioning;
using Sightline.Cli.Models;
using Sightline.Cli.Output;
using Sightline.Cli.Pictures;
using Sightline.Cli.Sharding;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline caption</c>: one line for each picture.</summary>
internal static class CaptionCommand
{
    public static Command Create()
    {
        var images = new Argument<string[]>("pictures") { Description = "Files, folders, patterns such as \"photos/*.jpg\", or - to read one picture from the standard input.", Arity = ArgumentArity.OneOrMore };
        var model = new ModelSettings();
        var settings = new CaptionSettings();
        var recursive = new Option<bool>("--recursive", "-r") { Description = "Take pictures from the folders inside a folder, too." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object for each picture; with --out: write tokens and times, too." };
        var output = new Option<string?>("--out", "-o") { Description = "Write results into this folder; what is there already is not made again.", HelpName = "DIR" };
        var part = new Option<string?>("--shard") { Description = "With --out: do part i of n, from 0; auto/n takes i from the scheduler.", HelpName = "i/n" };
        var retry = new Option<bool>("--retry-errors") { Description = "With --out: try pictures again that have an error." };
        var verb = new Verb("caption", "Describe pictures, one line each: name, tab, caption.")
        {
            Notes = """
                Examples:
                  sightline caption photo.jpg --model path/to/model
                  sightline caption photos --recursive --model path/to/model --json > captions.jsonl
                  sightline caption "photos/**/*.jpg" --model nlpconnect/vit-gpt2-image-captioning --beams 4 --num-return 3
                  curl -s https://example.org/photo.jpg | sightline caption - --model path/to/model
                  sightline caption photos --model path/to/model --out captions --shard 3/8

                Settings that are not given come from the model. A picture that cannot be captioned is reported on the
                standard error stream, the others are done, and the exit code is 1. Otherwise it is 0; 2 for a command
                line that cannot be understood; 130 after Ctrl-C.

                With --out, the pictures can be more than a list holds: a folder, a list of pictures (.jsonl with "image" and
                "id", .csv, .tsv), or WebDataset tars. Each process does its part and writes captions-00003-of-00008.jsonl;
                the same command goes on where it was stopped, and 'sightline merge captions' gives all results as one. Under
                mpirun, srun and Slurm arrays the part needs no --shard; in a Kubernetes indexed job --shard auto/8 says how
                many there are. A picture that cannot be captioned has its error as its result, and the exit code stays 0.
                """,
        };
        verb.Add(images);
        model.AddTo(verb);
        foreach (var option in settings.Options)
            verb.Add(option);
        verb.Add(recursive);
        verb.Add(json);
        verb.Add(output);
        verb.Add(part);
        verb.Add(retry);
        verb.Validators.Add(result =>
        {
            if (result.GetResult(images)?.Tokens.Count(token => token.Value == ImageArgument.StandardInput) > 1)
                result.AddError("- is given twice; the standard input holds one picture.");
            if (result.GetResult(output) is null && (result.GetResult(part) is not null || result.GetResult(retry) is not null))
                result.AddError("--shard and --retry-errors go with --out; name the folder for the results: --out captions.");
        });
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            if (result.GetValue(output) is { } folder)
            {
                await CaptionShardAsync(result, folder, terminal, cancellationToken);
                return ExitCode.Done;
            }

            var pictures = ImageArguments.Expand(result.GetRequiredValue(images), result.GetValue(recursive));
            var captionerOptions = settings.CaptionerOptions(result);
            using var captioner = Captioner.Load(await model.LocateAsync(result, terminal, cancellationToken), captionerOptions);
            var options = settings.GenerationOptions(result, captioner);
            var pipeline = new CaptionPipeline(captioner, options, settings.PipelineOptions(result));
            var printer = new CaptionPrinter(terminal, result.GetValue(json), result.GetValue(CommandLine.Verbose));
            var failed = false;
            await ProgressBar.RunAsync(terminal, "captions", pictures.Count, async step =>
            {
                await foreach (var caption in pipeline.RunAsync(pictures, picture => picture.Open(), cancellationToken))
                {
                    printer.Print(caption);
                    failed |= caption.Error is not null;
                    step();
                }
            });
            return failed ? ExitCode.Failed : ExitCode.Done;
        });
        return verb;

        async Task CaptionShardAsync(ParseResult result, string results, Terminal terminal, CancellationToken cancellationToken)
        {
            var (shard, source) = ShardChoice.Find(result.GetValue(part), Environment.GetEnvironmentVariable);
            if (source is not (null or "--shard"))
                terminal.WriteError($"sightline: part {shard}, as {source} says; --shard 0/1 does all pictures.");
            var folder = await model.LocateAsync(result, terminal, cancellationToken);
            var captionerOptions = settings.CaptionerOptions(result);
            var fingerprint = RunFingerprint.Compute(folder, settings.GenerationOptions(result), captionerOptions);
            var run = new ShardRun(new ShardFolder(results), shard, PictureSet.Open(result.GetRequiredValue(images), result.GetValue(recursive)), fingerprint, terminal)
            {
                RetriesErrors = result.GetValue(retry),
                IsDetailed = result.GetValue(json),
            };
            Captioner? captioner = null;
            try
            {
                await run.RunAsync(Start, cancellationToken);
            }
            finally
            {
                captioner?.Dispose();
            }

            CaptionPipeline Start()
            {
                captioner = Captioner.Load(folder, captionerOptions);
                return new CaptionPipeline(captioner, settings.GenerationOptions(result, captioner), settings.PipelineOptions(result));
            }
        }
    }
}
