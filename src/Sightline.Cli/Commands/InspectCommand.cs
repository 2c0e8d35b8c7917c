using System.CommandLine;
using Sightline.Cli.Output;
using Sightline.Models;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline inspect</c>: what a model's folder holds.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("DIR") { Description = "A model's folder, or one weight file (.safetensors, .bin), of which the tensors are listed." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var verb = new Verb("inspect", "Show what a model consists of, and what is missing.")
        {
            Notes = """
                Examples:
                  sightline inspect path/to/model
                  sightline inspect path/to/model --json | jq .parameters
                  sightline inspect path/to/model/pytorch_model.bin

                The exit code is 1 if something is missing, has a wrong shape or cannot be read.
                """,
        };
        verb.Add(path);
        verb.Add(json);
        verb.Run((result, terminal, _) =>
        {
            var inspection = CheckpointInspection.Inspect(result.GetRequiredValue(path));
            var printer = new InspectionPrinter(terminal, inspection);
            if (result.GetValue(json))
                printer.PrintJson();
            else
                printer.PrintText();
            return inspection.IsComplete ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }
}
