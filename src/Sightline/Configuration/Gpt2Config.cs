namespace Sightline.Configuration;

/// <summary>
/// The text decoder: GPT-2 with cross-attention. Property names follow the keys of the <c>decoder</c> object in config.json; defaults are
/// those of Hugging Face's <c>GPT2Config</c>.
/// </summary>
public sealed record Gpt2Config
{
    /// <summary>Number of token ids, the width of the logits.</summary>
    public int VocabSize { get; init; } = 50257;

    /// <summary>Longest sequence: number of position embeddings.</summary>
    public int NPositions { get; init; } = 1024;

    /// <summary>Width of the decoder's hidden states.</summary>
    public int NEmbd { get; init; } = 768;

    /// <summary>Number of transformer blocks.</summary>
    public int NLayer { get; init; } = 12;

    /// <summary>Attention heads; divides <see cref="NEmbd"/>.</summary>
    public int NHead { get; init; } = 12;

    /// <summary>Width of the feed-forward layer; null means 4 × <see cref="NEmbd"/>.</summary>
    public int? NInner { get; init; }

    /// <summary>Activation of the feed-forward layer.</summary>
    public string ActivationFunction { get; init; } = "gelu_new";

    /// <summary>Epsilon of the layer norms.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-5;

    /// <summary>Divide attention scores by the square root of the head width.</summary>
    public bool ScaleAttnWeights { get; init; } = true;

    /// <summary>Divide attention scores of block i (from 0) by i + 1 as well.</summary>
    public bool ScaleAttnByInverseLayerIdx { get; init; }

    /// <summary>Compute attention scores in fp32 with the scale applied first; the same numbers where all is fp32.</summary>
    public bool ReorderAndUpcastAttn { get; init; }

    /// <summary>Whether <c>lm_head</c> and <c>wte</c> are one tensor. The flag of this object counts, not the one at the top level.</summary>
    public bool TieWordEmbeddings { get; init; } = true;

    /// <summary>Width of the encoder states that cross-attention reads, where it is not <see cref="NEmbd"/>.</summary>
    public int? CrossAttentionHiddenSize { get; init; }

    /// <summary>Dropout of the embeddings, used in training only.</summary>
    public double EmbdPdrop { get; init; } = 0.1;

    /// <summary>Dropout of attention probabilities, used in training only.</summary>
    public double AttnPdrop { get; init; } = 0.1;

    /// <summary>Dropout of block outputs, used in training only.</summary>
    public double ResidPdrop { get; init; } = 0.1;

    /// <summary>Standard deviation of freshly initialised weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Width of the feed-forward layer.</summary>
    public int InnerSize => NInner ?? 4 * NEmbd;

    internal static Gpt2Config Read(ConfigReader reader)
    {
        var modelType = reader.String("model_type") ?? "gpt2";
        if (modelType != "gpt2")
            reader.Fault($"model_type is '{modelType}'; 'gpt2' is supported");
        var config = new Gpt2Config
        {
            VocabSize = reader.Int("vocab_size", 50257, 1, 1 << 24),
            NPositions = reader.Int("n_positions", 1024, 1, 1 << 20),
            NEmbd = reader.Int(reader.Has("n_embd") ? "n_embd" : "hidden_size", 768, 1, 1 << 16),
            NLayer = reader.Int(reader.Has("n_layer") ? "n_layer" : "num_hidden_layers", 12, 1, 1024),
            NHead = reader.Int(reader.Has("n_head") ? "n_head" : "num_attention_heads", 12, 1, 1 << 12),
            NInner = reader.NullableInt("n_inner", 1, 1 << 18),
            ActivationFunction = reader.String("activation_function") ?? "gelu_new",
            LayerNormEpsilon = reader.Double("layer_norm_epsilon", 1e-5, 0, 1),
            ScaleAttnWeights = reader.Bool("scale_attn_weights", true),
            ScaleAttnByInverseLayerIdx = reader.Bool("scale_attn_by_inverse_layer_idx", false),
            ReorderAndUpcastAttn = reader.Bool("reorder_and_upcast_attn", false),
            TieWordEmbeddings = reader.Bool("tie_word_embeddings", true),
            CrossAttentionHiddenSize = reader.NullableInt("cross_attention_hidden_size", 1, 1 << 16),
            EmbdPdrop = reader.Double("embd_pdrop", 0.1, 0, 1),
            AttnPdrop = reader.Double("attn_pdrop", 0.1, 0, 1),
            ResidPdrop = reader.Double("resid_pdrop", 0.1, 0, 1),
            InitializerRange = reader.Double("initializer_range", 0.02, 0, 100),
        };
        if (config.NEmbd % config.NHead != 0)
            reader.Fault($"n_embd {config.NEmbd} is not a multiple of n_head {config.NHead}");
        ActivationNames.Check(reader, "activation_function", config.ActivationFunction);
        return config;
    }
}
