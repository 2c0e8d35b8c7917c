using System.CommandLine;
using System.CommandLine.Parsing;
using Sightline.Training.Cli.Output;
using Sightline.Training.Cli.Runs;
using Sightline.Training.Distributed;

namespace Sightline.Training.Cli.Commands;

/// <summary><c>sightline-train run</c>: a training run from a run file and training arguments.</summary>
internal static class RunCommand
{
    private const string Resume = "resume_from_checkpoint";

    public static Command Create()
    {
        var file = new Argument<string?>("RUN.json") { Description = "The run file: sections data, model, training, and a preset.", Arity = ArgumentArity.ZeroOrOne };
        var preset = new Option<string?>("--preset") { Description = $"Start from named settings: {string.Join(", ", Presets.Names)}." };
        var resume = new Option<string?>("--" + Resume) { Description = "Go on from a checkpoint folder; without DIR from the newest in output_dir; auto: from that if there is one.", HelpName = "DIR", Arity = ArgumentArity.ZeroOrOne };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print the schedule and estimates; train nothing, write nothing." };
        var examples = new Option<int?>("--examples") { Description = "With --dry-run: the number of training examples, so that no data are needed." };
        var json = new Option<bool>("--json") { Description = "One JSON object for each event." };
        var command = new Command("run", "Train a model as a run file says. Arguments given here win over the file, the file over the preset, the preset over the defaults. What each training argument means is in docs/training.md.")
        {
            file, preset, resume, dryRun, examples, json,
        };
        var arguments = TrainingArguments.Names
            .Select(name => new Option<string?>("--" + name) { Description = $"Training argument: {ArgumentTable.Describe(name)}", HelpName = "VALUE", Arity = ArgumentArity.ZeroOrOne })
            .ToList();
        arguments.ForEach(command.Options.Add);
        command.TreatUnmatchedTokensAsErrors = false; // training arguments have their own words for what is not known
        command.SetAction((parsed, stop) =>
        {
            var overrides = arguments.Where(option => parsed.GetResult(option) is not null).Select(option => (option.Name[2..], parsed.GetValue(option) ?? "")).ToList();
            var path = parsed.GetValue(file);
            string[] others = path?.StartsWith("--", StringComparison.Ordinal) == true ? [path] : [.. parsed.UnmatchedTokens.Take(1)];
            overrides.AddRange(others.Select(Unknown));
            _ = RunSettings.Apply(new TrainingArguments(), overrides); // a wrong command line is told of before a wrong file
            var settings = RunSettings.Merge(path is null ? null : RunFile.Read(path), parsed.GetValue(preset), overrides);
            if (parsed.GetValue(dryRun))
            {
                var ranks = RankEnvironment.Detect();
                new DryRun(settings, new RunEvents(ranks is { Rank: > 0 } ? TextWriter.Null : Console.Out, parsed.GetValue(json)), ranks?.WorldSize ?? 1).Run(parsed.GetValue(examples));
                return Task.FromResult(0);
            }

            if (parsed.GetResult(examples) is not null)
                throw new UsageException("--examples goes with --dry-run only; a run counts its own data.");
            if (path is null)
                throw new UsageException("a run file was expected; 'sightline-train run --help' explains the command.");
            var done = RankedRun.Run(settings, parsed.GetValue(json), parsed.GetResult(resume) is OptionResult ? parsed.GetValue(resume) ?? "" : null, stop);
            return Task.FromResult(done ? 0 : CommandRunner.Stopped);
        });
        return command;
    }

    // Merging refuses the name and says which ones are near.
    private static (string, string) Unknown(string token) => token.StartsWith("--", StringComparison.Ordinal)
        ? (token[2..].Split('=')[0], "")
        : throw new UsageException($"'{token}' was not expected here; training arguments are given as --NAME VALUE.");
}
