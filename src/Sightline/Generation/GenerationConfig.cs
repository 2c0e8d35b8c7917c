using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Generation;

/// <summary>
/// A checkpoint's own generation settings: <c>generation_config.json</c>, or, in folders of Transformers before 4.26, what the top level of
/// <c>config.json</c> gives. Ids that are still missing come from the <c>decoder</c> part of <c>config.json</c>; other settings there are
/// ignored, since HF dumps all its defaults into it (<c>max_length</c> 20 among them) and 4.17 does not read them.
/// </summary>
public sealed class GenerationConfig
{
    /// <summary>The file's name in a checkpoint folder.</summary>
    public const string FileName = "generation_config.json";

    private static readonly string[] s_ids = ["bos_token_id", "decoder_start_token_id", "eos_token_id", "pad_token_id"];

    /// <summary>Settings as options; merge a caller's options over them with <see cref="GenerationOptions.MergeOver"/>.</summary>
    public required GenerationOptions Options { get; init; }

    /// <summary>Keys of the file that are not options here (<c>transformers_version</c>, <c>_from_model_config</c>, settings not supported), kept for writing.</summary>
    public JsonObject Other { get; init; } = [];

    /// <summary>Reads the settings of a checkpoint folder.</summary>
    /// <exception cref="ConfigurationException">A file is damaged or a value has a wrong type; neither file is there.</exception>
    public static GenerationConfig Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var (configPath, path) = (Path.Combine(folder, "config.json"), Path.Combine(folder, FileName));
        var hasOwnFile = File.Exists(path);
        var config = hasOwnFile && !File.Exists(configPath) ? [] : JsonFile.ReadObject(configPath);
        if (!hasOwnFile)
        {
            var settings = GenerationOptions.ReadKnown(config, configPath);
            return new GenerationConfig { Options = WithIds(settings, config, configPath) };
        }

        var json = JsonFile.ReadObject(path);
        return new GenerationConfig
        {
            Options = WithIds(GenerationOptions.ReadKnown(json, path), config, configPath),
            Other = Rest(json),
        };
    }

    /// <summary>What HF 4.31 makes of a model configuration that has no generation file: the settings of its top level and the ids, nested ones included.</summary>
    /// <param name="config">The root of config.json.</param>
    /// <param name="transformersVersion">Written as <c>transformers_version</c>.</param>
    public static GenerationConfig FromModelConfig(JsonObject config, string transformersVersion = "4.31.0")
    {
        ArgumentNullException.ThrowIfNull(config);
        var options = GenerationOptions.ReadKnown(config, "config.json");
        var nested = GenerationOptions.ReadKnown(OnlyIds(config["decoder"]), "config.json (decoder)");
        return new GenerationConfig
        {
            Options = options.MergeOver(nested),
            Other = new JsonObject { ["_from_model_config"] = true, ["transformers_version"] = transformersVersion },
        };
    }

    /// <summary>The file's JSON, keys sorted as HF writes them. Every given option is written, also one that equals HF's default.</summary>
    public JsonObject ToJson()
    {
        var all = Options.ToJson();
        foreach (var (name, value) in Other)
            all[name] = value?.DeepClone();
        return new JsonObject(all.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
    }

    /// <summary>Writes <c>generation_config.json</c> into a folder, in HF's layout.</summary>
    public void Save(string folder) => JsonFile.WriteObject(Path.Combine(folder, FileName), ToJson());

    // generate() of 4.17: the start token is decoder_start_token_id of the top level, then of the decoder, then the bos token likewise; the end
    // token is the top level's, then the decoder's; the pad token is the top level's, else the end token (GenerationPlan does that).
    private static GenerationOptions WithIds(GenerationOptions options, JsonObject config, string source)
    {
        var top = GenerationOptions.ReadKnown(OnlyIds(config), source);
        var nested = GenerationOptions.ReadKnown(OnlyIds(config["decoder"]), $"{source} (decoder)");
        return options with
        {
            DecoderStartTokenId = options.DecoderStartTokenId ?? top.DecoderStartTokenId ?? nested.DecoderStartTokenId,
            BosTokenId = options.BosTokenId ?? top.BosTokenId ?? nested.BosTokenId,
            EosTokenIds = options.EosTokenIds ?? top.EosTokenIds ?? nested.EosTokenIds,
            PadTokenId = options.PadTokenId ?? top.PadTokenId,
        };
    }

    private static JsonObject OnlyIds(JsonNode? node) => node is JsonObject json
        ? new JsonObject(s_ids.Where(json.ContainsKey).Select(name => KeyValuePair.Create(name, json[name]?.DeepClone())))
        : [];

    private static JsonObject Rest(JsonObject json) =>
        new(json.Where(p => p.Value is null || !GenerationOptions.IsKnown(p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
}
