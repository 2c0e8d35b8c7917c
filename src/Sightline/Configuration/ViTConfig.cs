namespace Sightline.Configuration;

/// <summary>
/// The picture encoder: ViT, or DeiT with its distillation token. Property names follow the keys of the <c>encoder</c> object in
/// config.json; defaults are those of Hugging Face's <c>ViTConfig</c>.
/// </summary>
public sealed record ViTConfig
{
    /// <summary><c>vit</c> or <c>deit</c>.</summary>
    public string ModelType { get; init; } = "vit";

    /// <summary>Width of the encoder's hidden states.</summary>
    public int HiddenSize { get; init; } = 768;

    /// <summary>Number of transformer layers.</summary>
    public int NumHiddenLayers { get; init; } = 12;

    /// <summary>Attention heads; divides <see cref="HiddenSize"/>.</summary>
    public int NumAttentionHeads { get; init; } = 12;

    /// <summary>Width of the feed-forward layer.</summary>
    public int IntermediateSize { get; init; } = 3072;

    /// <summary>Activation of the feed-forward layer: <c>gelu</c>, <c>gelu_new</c>, <c>gelu_fast</c>, <c>relu</c>, <c>silu</c> or <c>tanh</c>.</summary>
    public string HiddenAct { get; init; } = "gelu";

    /// <summary>Epsilon of the layer norms.</summary>
    public double LayerNormEps { get; init; } = 1e-12;

    /// <summary>Side of the square input in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; init; } = 16;

    /// <summary>Colour channels of the input.</summary>
    public int NumChannels { get; init; } = 3;

    /// <summary>Whether query, key and value projections have a bias.</summary>
    public bool QkvBias { get; init; } = true;

    /// <summary>Dropout of embeddings and layer outputs, used in training only.</summary>
    public double HiddenDropoutProb { get; init; }

    /// <summary>Dropout of attention probabilities, used in training only.</summary>
    public double AttentionProbsDropoutProb { get; init; }

    /// <summary>Standard deviation of freshly initialised weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Whether the encoder is a DeiT: a distillation token follows the class token.</summary>
    public bool HasDistillationToken => ModelType == "deit";

    /// <summary>Patches per side.</summary>
    public int PatchesPerSide => ImageSize / PatchSize;

    /// <summary>Positions the encoder gives: patches and the one or two tokens before them.</summary>
    public int SequenceLength => (PatchesPerSide * PatchesPerSide) + (HasDistillationToken ? 2 : 1);

    internal static ViTConfig Read(ConfigReader reader)
    {
        var modelType = reader.String("model_type") ?? "vit";
        if (modelType is not ("vit" or "deit"))
            reader.Fault($"model_type is '{modelType}'; 'vit' and 'deit' are supported");
        var config = new ViTConfig
        {
            ModelType = modelType,
            HiddenSize = reader.Int("hidden_size", 768, 1, 1 << 16),
            NumHiddenLayers = reader.Int("num_hidden_layers", 12, 1, 1024),
            NumAttentionHeads = reader.Int("num_attention_heads", 12, 1, 1 << 12),
            IntermediateSize = reader.Int("intermediate_size", 3072, 1, 1 << 18),
            HiddenAct = reader.String("hidden_act") ?? "gelu",
            LayerNormEps = reader.Double("layer_norm_eps", 1e-12, 0, 1),
            ImageSize = reader.Int("image_size", 224, 1, 1 << 14),
            PatchSize = reader.Int("patch_size", 16, 1, 1 << 12),
            NumChannels = reader.Int("num_channels", 3, 1, 16),
            QkvBias = reader.Bool("qkv_bias", true),
            HiddenDropoutProb = reader.Double("hidden_dropout_prob", 0, 0, 1),
            AttentionProbsDropoutProb = reader.Double("attention_probs_dropout_prob", 0, 0, 1),
            InitializerRange = reader.Double("initializer_range", 0.02, 0, 100),
        };
        if (config.HiddenSize % config.NumAttentionHeads != 0)
            reader.Fault($"hidden_size {config.HiddenSize} is not a multiple of num_attention_heads {config.NumAttentionHeads}");
        if (config.PatchSize > config.ImageSize)
            reader.Fault($"patch_size {config.PatchSize} is larger than image_size {config.ImageSize}");
        else if (config.SequenceLength > 1 << 16)
            reader.Fault($"image_size {config.ImageSize} and patch_size {config.PatchSize} give {config.SequenceLength} positions; at most {1 << 16} are supported");
        ActivationNames.Check(reader, "hidden_act", config.HiddenAct);
        return config;
    }
}
