namespace Sightline.Hub;

/// <summary>The parts of a model's repository.</summary>
[Flags]
public enum ModelParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>config.json, generation_config.json and how pictures are prepared.</summary>
    Settings = 1,

    /// <summary>The weights, in the first form that the repository has: model.safetensors, its shards, pytorch_model.bin, its shards.</summary>
    Weights = 2,

    /// <summary>The tokenizer's files.</summary>
    Tokenizer = 4,

    /// <summary>Settings and weights: an encoder to start training from.</summary>
    Encoder = Settings | Weights,

    /// <summary>Everything that captioning needs.</summary>
    All = Settings | Weights | Tokenizer,
}
