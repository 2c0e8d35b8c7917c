using System.CommandLine;
using Sightline.Cli.Models;
using Sightline.Hub;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline pull</c>: fetches a model of the hub into the cache.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The model: owner/name, or owner/name@revision for a branch, tag or commit." };
        var verb = new Verb("pull", "Fetch a model of the hub into the cache, or bring it up to date.")
        {
            Notes = """
                Examples:
                  sightline pull nlpconnect/vit-gpt2-image-captioning
                  sightline pull owner/name@v1.0

                Prints the folder with the model's files. The cache is the one of Hugging Face's Python client; HF_HOME,
                HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HTTPS_PROXY count as they do there. A download that was
                interrupted goes on where it stopped.
                """,
        };
        verb.Add(name);
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            var model = HubNames.Parse(result.GetRequiredValue(name));
            terminal.WriteLine(await ModelSettings.PullAsync(model, HubOptions.FromEnvironment(), terminal, cancellationToken));
            return ExitCode.Done;
        });
        return verb;
    }
}
