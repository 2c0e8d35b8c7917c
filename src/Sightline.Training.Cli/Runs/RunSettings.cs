using System.Text.Json.Nodes;

namespace Sightline.Training.Cli.Runs;

/// <summary>What a run is made of, from the command line over the run file over the preset over the defaults.</summary>
internal sealed record RunSettings
{
    /// <summary>The name of the merged file in the output folder.</summary>
    public const string FileName = "run.json";

    public string? Preset { get; init; }

    public DataSettings? Data { get; init; }

    public ModelSettings? Model { get; init; }

    public required TrainingArguments Arguments { get; init; }

    /// <summary>Whether anyone said where results go.</summary>
    public bool HasOutputDir { get; init; }

    /// <summary>Merges.</summary>
    /// <param name="file">The run file; null without one.</param>
    /// <param name="preset">The preset that the command line names.</param>
    /// <param name="overrides">Training arguments of the command line.</param>
    /// <exception cref="ConfigurationException">The file or the preset cannot be used.</exception>
    /// <exception cref="UsageException">An argument of the command line cannot be used.</exception>
    public static RunSettings Merge(RunFile? file, string? preset, IReadOnlyList<(string Name, string Value)> overrides)
    {
        preset ??= file?.Preset;
        var arguments = preset is null ? new TrainingArguments() : Presets.Find(preset);
        if (file is not null)
            arguments = TrainingArguments.FromJson(file.Training, file.Source, arguments);
        arguments = Apply(arguments, overrides);
        return new RunSettings
        {
            Preset = preset,
            Data = file?.Data,
            Model = file?.Model,
            Arguments = arguments,
            HasOutputDir = file?.Training["output_dir"] is not null || overrides.Any(pair => pair.Name == "output_dir"),
        };
    }

    /// <summary>Puts arguments of the command line over others.</summary>
    /// <exception cref="UsageException">One cannot be used.</exception>
    public static TrainingArguments Apply(TrainingArguments arguments, IReadOnlyList<(string Name, string Value)> overrides)
    {
        try
        {
            return overrides.Aggregate(arguments, (merged, pair) => merged.With(pair.Name, pair.Value));
        }
        catch (ConfigurationException e)
        {
            throw new UsageException(e.Message);
        }
    }

    /// <summary>The merged run file; running it again runs the same.</summary>
    public JsonObject ToJson() => new()
    {
        ["preset"] = Preset,
        ["data"] = Data?.ToJson(),
        ["model"] = Model?.ToJson(),
        ["training"] = Absolute(Arguments.ToJson()),
    };

    private static JsonObject Absolute(JsonObject arguments)
    {
        arguments["output_dir"] = Path.GetFullPath(arguments["output_dir"]!.GetValue<string>());
        return arguments;
    }
}
