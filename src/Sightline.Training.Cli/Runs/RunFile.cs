using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Training.Cli.Runs;

/// <summary>A run file as it was written: what it does not name is left open.</summary>
internal sealed record RunFile
{
    public required string Source { get; init; }

    public string? Preset { get; init; }

    public DataSettings? Data { get; init; }

    public ModelSettings? Model { get; init; }

    /// <summary>Training arguments by name.</summary>
    public JsonObject Training { get; init; } = [];

    /// <summary>Reads a run file. Its relative paths start from its own folder.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, or values do not fit: all faults in one line.</exception>
    public static RunFile Read(string path)
    {
        var json = JsonFile.ReadObject(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var faults = new List<string>();
        var root = new SectionReader(json, "run", folder, faults);
        var preset = root.Text("preset");
        var (data, model, training) = (root.Object("data"), root.Object("model"), root.Object("training"));
        root.RefuseOthers();
        var file = new RunFile
        {
            Source = path,
            Preset = preset,
            Data = data is null ? null : DataSettings.Read(new SectionReader(data, "data", folder, faults)),
            Model = model is null ? null : ModelSettings.Read(new SectionReader(model, "model", folder, faults), folder),
            Training = training is null ? [] : (JsonObject)training.DeepClone(),
        };
        if (faults.Count > 0)
            throw new ConfigurationException($"{path}: {faults.Count} {(faults.Count == 1 ? "problem" : "problems")}: {string.Join("; ", faults)}.");
        foreach (var name in new[] { "output_dir", "logging_dir" })
        {
            if (file.Training[name] is JsonValue value && value.TryGetValue<string>(out var relative) && relative.Length > 0)
                file.Training[name] = Path.GetFullPath(relative, folder);
        }

        return file;
    }
}
