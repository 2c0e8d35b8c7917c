using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.IO;

namespace Sightline.Models;

/// <summary>
/// Puts a pretrained ViT or DeiT and a pretrained GPT-2 together (HF <c>from_encoder_decoder_pretrained</c>): their weights, fresh
/// cross-attention, and a projection between them where their widths differ.
/// </summary>
public sealed class WarmStart
{
    private WarmStart(ModelCheckpoint checkpoint, IReadOnlyDictionary<string, string> origins, IReadOnlyList<string> unused)
    {
        Checkpoint = checkpoint;
        Origins = origins;
        Unused = unused;
    }

    /// <summary>The combined model.</summary>
    public ModelCheckpoint Checkpoint { get; }

    /// <summary>For every parameter where it comes from: <c>encoder:KEY</c>, <c>decoder:KEY</c> or <c>init</c>.</summary>
    public IReadOnlyDictionary<string, string> Origins { get; }

    /// <summary>Tensors of the two checkpoints that the combined model does not have, e.g. a classifier.</summary>
    public IReadOnlyList<string> Unused { get; }

    /// <summary>Composes a model.</summary>
    /// <param name="encoderFolder">A ViT or DeiT checkpoint, with or without pooler or classifier.</param>
    /// <param name="decoderFolder">A GPT-2 checkpoint, with or without language-model head.</param>
    /// <param name="options">Seed, ids; null means the defaults.</param>
    /// <exception cref="ConfigurationException">A config.json is missing or cannot be used.</exception>
    /// <exception cref="CheckpointException">Weights that a pretrained model must have are missing or do not fit.</exception>
    public static WarmStart Compose(string encoderFolder, string decoderFolder, WarmStartOptions? options = null)
    {
        options ??= new WarmStartOptions();
        var config = ComposeConfig(encoderFolder, decoderFolder, options);
        using var encoder = Checkpoints.Checkpoint.Open(encoderFolder);
        using var decoder = Checkpoints.Checkpoint.Open(decoderFolder);
        var sources = new[] { new Part("encoder", encoder, EncoderName), new Part("decoder", decoder, DecoderName) };
        var (origins, faults) = (new Dictionary<string, string>(), new List<string>());
        var initializer = new ParameterInitializer(config, options.Seed, options.Compatibility);
        var parameters = new Dictionary<string, float[]>();
        foreach (var parameter in ParameterCatalog.List(config))
        {
            var part = sources.FirstOrDefault(source => source.Find(parameter.Name, config.Decoder.TieWordEmbeddings) is not null);
            if (part is null)
            {
                if (!IsNew(parameter))
                    faults.Add($"'{parameter.Name}' is missing");
                origins[parameter.Name] = "init";
                parameters[parameter.Name] = initializer.Create(parameter, fromScratch: false);
                continue;
            }

            var key = part.Find(parameter.Name, config.Decoder.TieWordEmbeddings)!;
            var info = part.Source.Find(key);
            if (!info.Shape.SequenceEqual(parameter.Shape.Select(size => (long)size)))
                faults.Add($"'{key}' of the {part.Name} is {info.ShapeText}; its config.json needs [{string.Join(", ", parameter.Shape)}]");
            origins[parameter.Name] = $"{part.Name}:{key}";
            parameters[parameter.Name] = part.Source.ReadSingles(key);
        }

        if (faults.Count > 0)
            throw new CheckpointException($"{encoderFolder} and {decoderFolder}: {string.Join("; ", faults)}.");
        return new WarmStart(new ModelCheckpoint(config, parameters), origins, [.. sources.SelectMany(source => source.Unused())]);
    }

    // What no pretrained encoder or decoder has. The head of a decoder that is not tied is drawn too, as HF does.
    private static bool IsNew(ParameterInfo parameter) =>
        parameter.IsOptional || parameter.Name.StartsWith("enc_to_dec_proj.", StringComparison.Ordinal)
        || parameter.Name.Contains(".crossattention.", StringComparison.Ordinal) || parameter.Name.Contains(".ln_cross_attn.", StringComparison.Ordinal)
        || parameter.Name == "decoder.lm_head.weight";

    private static VisionEncoderDecoderConfig ComposeConfig(string encoderFolder, string decoderFolder, WarmStartOptions options)
    {
        var encoder = JsonFile.ReadObject(Path.Combine(encoderFolder, VisionEncoderDecoderConfig.FileName));
        var decoder = JsonFile.ReadObject(Path.Combine(decoderFolder, VisionEncoderDecoderConfig.FileName));
        decoder["is_decoder"] = true;
        decoder["add_cross_attention"] = true;
        decoder["tie_word_embeddings"] ??= true; // a default that GPT-2's own file leaves out; the composite file writes it
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("VisionEncoderDecoderModel"),
            ["decoder"] = decoder,
            ["encoder"] = encoder,
            ["is_encoder_decoder"] = true,
            ["model_type"] = "vision-encoder-decoder",
            ["tie_word_embeddings"] = false,
            ["torch_dtype"] = "float32",
            ["transformers_version"] = null,
        };
        foreach (var (name, id) in new[] { ("decoder_start_token_id", options.DecoderStartTokenId), ("eos_token_id", options.EosTokenId), ("pad_token_id", options.PadTokenId) })
        {
            if (id is not null)
                json[name] = id.Value;
        }

        var sorted = new JsonObject(json.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
        return VisionEncoderDecoderConfig.Parse(sorted, $"{encoderFolder} and {decoderFolder}");
    }

    private static string EncoderName(string key)
    {
        foreach (var prefix in new[] { "vit.", "deit." })
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
                return $"encoder.{key[prefix.Length..]}";
        }

        return $"encoder.{key}";
    }

    private static string DecoderName(string key) =>
        key.StartsWith("transformer.", StringComparison.Ordinal) || key.StartsWith("lm_head.", StringComparison.Ordinal) ? $"decoder.{key}" : $"decoder.transformer.{key}";

    /// <summary>One of the two checkpoints, its keys under the names of the combined model.</summary>
    private sealed class Part
    {
        private const string Head = "decoder.lm_head.weight";
        private readonly Dictionary<string, string> _keys = [];
        private readonly HashSet<string> _used = [];

        public Part(string name, TensorSource source, Func<string, string> rename)
        {
            (Name, Source) = (name, source);
            foreach (var key in source.Tensors.Keys.Where(key => !WeightNames.IsBuffer(key)))
                _keys[rename(WeightNames.Normalize(key))] = key;
        }

        public string Name { get; }

        public TensorSource Source { get; }

        public string? Find(string parameter, bool tied)
        {
            if (!_keys.TryGetValue(parameter, out var key))
                return null;
            _used.Add(key);
            if (!tied || parameter != "decoder.transformer.wte.weight" || !_keys.TryGetValue(Head, out var head))
                return key;
            _used.Add(head);
            return Source.GetBytes(head).SequenceEqual(Source.GetBytes(key)) ? key : head;
        }

        public IEnumerable<string> Unused() => _keys.Values.Where(key => !_used.Contains(key));
    }
}
