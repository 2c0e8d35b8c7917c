using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;

namespace Sightline.Models;

/// <summary>A configuration and its weights in memory, fp32: what warm starts, training and tools pass on. The model itself is not built.</summary>
public sealed class ModelCheckpoint
{
    private const string EmbeddingName = "decoder.transformer.wte.weight";
    private const string HeadName = "decoder.lm_head.weight";

    /// <summary>Creates a checkpoint.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="parameters">Values by name, as <see cref="ParameterCatalog"/> lists them for the configuration.</param>
    public ModelCheckpoint(VisionEncoderDecoderConfig config, IReadOnlyDictionary<string, float[]> parameters)
    {
        Config = config;
        Parameters = parameters;
    }

    /// <summary>The configuration.</summary>
    public VisionEncoderDecoderConfig Config { get; }

    /// <summary>Values by checkpoint name, shaped as <see cref="ParameterCatalog"/> says; a tied <c>lm_head</c> is not among them.</summary>
    public IReadOnlyDictionary<string, float[]> Parameters { get; }

    /// <summary>Reads a checkpoint folder into memory.</summary>
    /// <exception cref="ConfigurationException">config.json is missing or cannot be used.</exception>
    /// <exception cref="CheckpointException">Weights are missing, damaged, or do not fit.</exception>
    public static ModelCheckpoint Load(string folder)
    {
        var config = VisionEncoderDecoderConfig.Load(folder);
        using var tensors = Checkpoint.Open(folder);
        var weights = new WeightBinder(tensors);
        return new ModelCheckpoint(config, Take(config, weights, folder));
    }

    /// <summary>A model that starts from nothing: every parameter drawn as Hugging Face draws it.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="seed">The same seed gives the same weights on every platform.</param>
    /// <param name="compatibility">4.17 leaves the class token and the positions at zero; 4.31 draws them.</param>
    public static ModelCheckpoint Initialize(VisionEncoderDecoderConfig config, long seed, Compatibility compatibility = Compatibility.Transformers417)
    {
        var initializer = new ParameterInitializer(config, seed, compatibility);
        return new ModelCheckpoint(config, ParameterCatalog.List(config).ToDictionary(p => p.Name, p => initializer.Create(p, fromScratch: true)));
    }

    /// <summary>Gives the decoder another number of tokens: rows are kept, dropped from the end, or added (HF <c>resize_token_embeddings</c>).</summary>
    /// <param name="vocabularySize">The new number.</param>
    /// <param name="seed">For the added rows, which are drawn with the decoder's <c>initializer_range</c>.</param>
    public ModelCheckpoint ResizeTokenEmbeddings(int vocabularySize, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        var json = (JsonObject)Config.Json.DeepClone();
        json["decoder"]!["vocab_size"] = vocabularySize;
        var parameters = new Dictionary<string, float[]>(Parameters);
        foreach (var name in new[] { EmbeddingName, HeadName }.Where(parameters.ContainsKey))
        {
            var (old, resized) = (parameters[name], new float[checked(vocabularySize * Config.Decoder.NEmbd)]);
            var kept = Math.Min(old.Length, resized.Length);
            old.AsSpan(0, kept).CopyTo(resized);
            new ParameterInitializer(Config, seed, Compatibility.Transformers417).FillRows(resized.AsSpan(kept));
            parameters[name] = resized;
        }

        return new ModelCheckpoint(VisionEncoderDecoderConfig.Parse(json), parameters);
    }

    /// <summary>The tensors to write, in the order of the model. The tied <c>lm_head</c> shares the memory of the embeddings.</summary>
    public IReadOnlyList<TensorData> ToTensors()
    {
        var tensors = new List<TensorData>();
        foreach (var parameter in ParameterCatalog.List(Config))
        {
            if (!Parameters.TryGetValue(parameter.Name, out var values))
                continue; // the pooler where the checkpoint has none
            IReadOnlyList<long> shape = [.. parameter.Shape.Select(size => (long)size)];
            tensors.Add(new TensorData(parameter.Name, TensorDType.F32, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));
        }

        if (Config.Decoder.TieWordEmbeddings)
        {
            var embeddings = tensors.Single(tensor => tensor.Name == EmbeddingName);
            tensors.Add(embeddings with { Name = HeadName });
        }

        return tensors;
    }

    /// <summary>Writes config.json and the weights. Tokenizer, processor and generation settings are written by their own classes.</summary>
    /// <param name="folder">Made where it does not exist.</param>
    /// <param name="options">Format, type and size of shards; null for the defaults.</param>
    public void Save(string folder, CheckpointSaveOptions? options = null)
    {
        CheckpointWriter.Save(folder, ToTensors(), options);
        Config.Save(folder);
    }

    internal static Dictionary<string, float[]> Take(VisionEncoderDecoderConfig config, WeightBinder weights, string where)
    {
        var parameters = new Dictionary<string, float[]>();
        foreach (var parameter in ParameterCatalog.List(config))
        {
            var name = parameter.Name;
            if (name == EmbeddingName && config.Decoder.TieWordEmbeddings && weights.Has(HeadName))
                name = HeadName; // where both are stored and differ, lm_head counts
            else if (name == HeadName && !weights.Has(HeadName))
                name = EmbeddingName;
            else if (parameter.IsOptional && !weights.Has(name))
                continue;
            if (weights.Take(name, [.. parameter.Shape]) is { } values)
                parameters[parameter.Name] = values;
        }

        weights.ThrowIfFaulty(where);
        return parameters;
    }
}
