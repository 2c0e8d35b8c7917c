using System.CommandLine;
using Sightline.Cli.Models;
using Sightline.Hub;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline push</c>: makes a model's folder ready for the hub and says how to upload it.</summary>
internal static class PushCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "The model's folder." };
        var name = new Argument<string>("NAME") { Description = "The model's name on the hub: owner/name." };
        var output = new Option<string?>("--out", "-o") { Description = "Copy the model's files to this new folder and write there; without it, card and .gitattributes go into DIR.", HelpName = "OUT" };
        var license = new Option<string?>("--license") { Description = "Licence of the weights for the card, e.g. apache-2.0.", HelpName = "ID" };
        var language = new Option<string?>("--language") { Description = "Language of the captions for the card, e.g. en.", HelpName = "CODE" };
        var baseModel = new Option<string[]>("--base-model") { Description = "A model that this one started from; can be repeated.", HelpName = "NAME" };
        var dataset = new Option<string[]>("--dataset") { Description = "A data set of the hub that it was trained with; can be repeated.", HelpName = "NAME" };
        var force = new Option<bool>("--force") { Description = "Replace a README.md that is there." };
        var verb = new Verb("push", "Write what a repository of the hub needs, and print the commands that upload it. Uploads nothing.")
        {
            Notes = """
                Examples:
                  sightline push path/to/model owner/name --license apache-2.0 --language en
                  sightline push path/to/model owner/name --out upload --base-model google/vit-base-patch16-224

                Writes README.md (a model card with metadata) unless there is one, and .gitattributes. What is not known is
                said to be unknown: read the card and fill it in. The commands need Hugging Face's own tool
                (pip install huggingface_hub).
                """,
        };
        verb.Add(folder);
        verb.Add(name);
        foreach (var option in (IEnumerable<Option>)[output, license, language, baseModel, dataset, force])
            verb.Add(option);
        verb.Run((result, terminal, _) =>
        {
            var model = HubNames.Parse(result.GetRequiredValue(name));
            var facts = new RepositoryFacts
            {
                License = result.GetValue(license),
                Language = result.GetValue(language),
                BaseModels = result.GetValue(baseModel) ?? [],
                Datasets = result.GetValue(dataset) ?? [],
            };
            var repository = HubRepository.Prepare(result.GetRequiredValue(folder), result.GetValue(output), model, facts, result.GetValue(force));
            foreach (var file in repository.Written)
                terminal.WriteError($"sightline: wrote {Path.Combine(repository.Folder, file)}.");
            if (!repository.Written.Contains("README.md"))
                terminal.WriteError($"sightline: README.md was kept{(repository.HasMetadata ? "" : "; it has no block of metadata, and the hub will not know what the model is")} (--force replaces it).");
            if (repository.OtherFiles.Count > 0)
                terminal.WriteError($"sightline: not part of the model, but uploaded with it: {string.Join(", ", repository.OtherFiles)}. --out OUT makes a folder without them.");
            terminal.WriteLine("hf auth login");
            terminal.WriteLine($"hf upload {model.Repository} {Quote(repository.Folder)} .{(model.Revision == HubModelName.DefaultRevision ? "" : $" --revision {model.Revision}")}");
            return ExitCode.Done;
        });
        return verb;
    }

    // For a POSIX shell.
    private static string Quote(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') ? path : $"'{path.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
