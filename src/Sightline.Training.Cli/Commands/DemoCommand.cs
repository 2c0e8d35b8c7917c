using System.CommandLine;
using Sightline.Training.Cli.Demo;

namespace Sightline.Training.Cli.Commands;

/// <summary><c>sightline-train demo</c>: the whole main job on a made-up data set, in minutes on a plain processor.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var defaults = new DemoOptions();
        var folder = new Option<string>("--out") { Description = "The folder that gets everything.", DefaultValueFactory = _ => defaults.Out };
        var seed = new Option<long>("--seed") { Description = "Decides pictures, weights and order.", DefaultValueFactory = _ => defaults.Seed };
        var minutes = new Option<double>("--minutes") { Description = $"How long to learn: {DemoOptions.StepsPerMinute} updates a minute.", DefaultValueFactory = _ => defaults.Minutes };
        var threads = new Option<int>("--threads") { Description = "Threads; 0 means one per processor.", DefaultValueFactory = _ => defaults.Threads };
        var command = new Command("demo", "Make pictures of coloured shapes, learn to caption them from nothing, and judge the captions.") { folder, seed, minutes, threads };
        command.SetAction((parsed, cancellation) =>
        {
            new DemoRun(new DemoOptions { Out = parsed.GetValue(folder)!, Seed = parsed.GetValue(seed), Minutes = parsed.GetValue(minutes), Threads = parsed.GetValue(threads) }, Console.Out).Run(cancellation);
            return Task.FromResult(0);
        });
        return command;
    }
}
