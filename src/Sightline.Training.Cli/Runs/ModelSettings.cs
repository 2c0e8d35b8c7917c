using System.Text.Json.Nodes;
using Sightline.Hub;
using Sightline.IO;

namespace Sightline.Training.Cli.Runs;

/// <summary>The section <c>model</c> of a run file: a checkpoint to go on from, an encoder and a decoder to put together, or a configuration to start from nothing.</summary>
internal sealed record ModelSettings
{
    /// <summary>A checkpoint folder to go on from, or owner/name[@revision] of the hub; the same is true of the folders below.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>A ViT or DeiT folder, with <see cref="Decoder"/>.</summary>
    public string? Encoder { get; init; }

    /// <summary>A GPT-2 folder, with <see cref="Encoder"/>.</summary>
    public string? Decoder { get; init; }

    /// <summary>The config.json of a model to start from nothing.</summary>
    public JsonObject? Config { get; init; }

    /// <summary>The folder of the tokenizer; null: that of the checkpoint or decoder.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Learn a vocabulary of at most this size from the training captions.</summary>
    public int? VocabularySize { get; init; }

    /// <summary>Give the tokenizer a token <c>&lt;pad&gt;</c> of its own, as the model card's run did.</summary>
    public bool AddPadToken { get; init; }

    /// <summary><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    public string Device { get; init; } = "cpu";

    public static ModelSettings Read(SectionReader section, string folder)
    {
        JsonObject? config = null;
        if (section.Text("config_file") is { } file)
            config = JsonFile.ReadObject(Path.GetFullPath(file, folder));
        var settings = new ModelSettings
        {
            Checkpoint = section.Model("checkpoint"),
            Encoder = section.Model("encoder"),
            Decoder = section.Model("decoder"),
            Config = config ?? section.Object("config"),
            Tokenizer = section.Model("tokenizer"),
            VocabularySize = section.Number("vocabulary_size"),
            AddPadToken = section.Flag("add_pad_token"),
            Device = section.Text("device") ?? "cpu",
        };
        section.RefuseOthers();
        var ways = new[] { settings.Checkpoint is not null, settings.Encoder is not null || settings.Decoder is not null, settings.Config is not null };
        if (ways.Count(way => way) != 1 || (ways[1] && (settings.Encoder is null || settings.Decoder is null)))
            section.Fault("one of checkpoint, encoder with decoder, or config (or config_file) was expected");
        if (settings.VocabularySize is not null && (settings.Config is null || settings.Tokenizer is not null))
            section.Fault("vocabulary_size learns a tokenizer for a model from config; it does not go with another tokenizer");
        if (settings.Config is not null && settings.VocabularySize is null && settings.Tokenizer is null)
            section.Fault("a model from config needs a tokenizer, or vocabulary_size to learn one");
        return settings;
    }

    /// <summary>The same with folders in place of names of the hub; what the cache does not have is fetched.</summary>
    public ModelSettings Located() => this with
    {
        Checkpoint = Locate(Checkpoint, Tokenizer is null ? ModelParts.All : ModelParts.Settings | ModelParts.Weights),
        Encoder = Locate(Encoder, ModelParts.Encoder),
        Decoder = Locate(Decoder, Tokenizer is null ? ModelParts.All : ModelParts.Settings | ModelParts.Weights),
        Tokenizer = Locate(Tokenizer, ModelParts.Tokenizer),
    };

    public JsonObject ToJson() => new()
    {
        ["checkpoint"] = Checkpoint,
        ["encoder"] = Encoder,
        ["decoder"] = Decoder,
        ["config"] = Config?.DeepClone(),
        ["tokenizer"] = Tokenizer,
        ["vocabulary_size"] = VocabularySize,
        ["add_pad_token"] = AddPadToken,
        ["device"] = Device,
    };

    private static string? Locate(string? model, ModelParts parts) => model is null ? null : ModelSource.Locate(model, parts);
}
