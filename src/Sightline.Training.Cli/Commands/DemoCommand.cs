using System.CommandLine;

namespace Sightline.Training.Cli.Commands;

/// <summary><c>sightline-train demo</c>: the whole main job on a made-up data set, in minutes on a plain processor.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var command = new Command("demo", "Make pictures of coloured shapes, learn to caption them from nothing, and judge the captions.");
        command.SetAction(_ => 0);
        return command;
    }
}
