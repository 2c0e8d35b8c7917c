using System.CommandLine;
using System.Globalization;
using Sightline.Cli.Models;
using Sightline.Cli.Output;
using Sightline.Hub;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline models</c>: what the cache holds.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var remove = new Option<string?>("--remove") { Description = "Remove a model from the cache, or with @revision that revision and what no other one uses.", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object for each model." };
        var verb = new Verb("models", "List the models in the cache with their sizes, or remove one.")
        {
            Notes = """
                Examples:
                  sightline models
                  sightline models --remove owner/name
                  sightline models --remove owner/name@a1b2c3d

                One line a model: name, size, then its revisions, each with the branches and tags that stand for it. The cache
                is shared with Hugging Face's Python client, so models of other programs are listed, too.
                """,
        };
        verb.Add(remove);
        verb.Add(json);
        verb.Run((result, terminal, _) =>
        {
            var cache = new HubCache();
            if (result.GetValue(remove) is { } text)
            {
                Remove(cache, HubNames.Parse(text), terminal);
                return ExitCode.Done;
            }

            foreach (var model in cache.List())
                terminal.WriteLine(result.GetValue(json) ? Json(model) : Line(model));
            return ExitCode.Done;
        });
        return verb;
    }

    private static string Line(CachedModel model) =>
        $"{model.Name}\t{ByteSize.Show(model.Bytes)}\t{(model.Revisions.Count == 0 ? "not complete" : string.Join("; ", model.Revisions.Select(Show)))}";

    private static string Show(CachedRevision revision) =>
        revision.References.Count == 0 ? revision.Commit[..12] : $"{revision.Commit[..12]} ({string.Join(", ", revision.References)})";

    private static string Json(CachedModel model) => JsonLine.Create(writer =>
    {
        writer.WriteString("name", model.Name.Repository);
        writer.WriteNumber("bytes", model.Bytes);
        writer.WriteString("last_modified", model.LastModified.ToString("s", CultureInfo.InvariantCulture) + "Z");
        writer.WriteStartArray("revisions");
        foreach (var revision in model.Revisions)
        {
            writer.WriteStartObject();
            writer.WriteString("commit", revision.Commit);
            writer.WriteStrings("refs", revision.References);
            writer.WriteNumber("bytes", revision.Bytes);
            writer.WriteStrings("files", revision.Files);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static void Remove(HubCache cache, HubModelName name, Terminal terminal)
    {
        var model = cache.List().FirstOrDefault(each => each.Name.Repository == name.Repository)
            ?? throw new HubException($"{name.Repository}: not in the cache {cache.Folder}; 'sightline models' lists what is.");
        CachedRevision? revision = null;
        if (name.Revision != HubModelName.DefaultRevision)
        {
            var found = model.Revisions.Where(each => each.References.Contains(name.Revision) || (name.Revision.Length >= 7 && each.Commit.StartsWith(name.Revision, StringComparison.Ordinal))).ToList();
            revision = found.Count == 1 ? found[0] : throw new HubException($"{name}: {(found.Count == 0 ? "no such revision" : $"{found.Count} revisions begin like this")} in the cache; it has {string.Join("; ", model.Revisions.Select(Show))}.");
        }

        terminal.WriteLine($"{name}: removed, {ByteSize.Show(cache.Remove(model, revision))} are free again.");
    }
}
