using System.CommandLine;
using Sightline.Cli.Models;
using Sightline.Cli.Output;
using Sightline.Hub;
using Sightline.Models;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline inspect</c>: what a model's folder holds.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("DIR") { Description = "A model's folder, owner/name[@revision] of the hub, or one weight file (.safetensors, .bin), of which the tensors are listed." };
        var offline = ModelSettings.CreateOffline();
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
        verb.Add(offline);
        verb.Add(json);
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            var model = result.GetRequiredValue(path);
            var inspection = CheckpointInspection.Inspect(HubModelName.TryParse(model, out _) && !File.Exists(model) ? await ModelSettings.LocateAsync(model, result.GetValue(offline), terminal, cancellationToken) : model);
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
