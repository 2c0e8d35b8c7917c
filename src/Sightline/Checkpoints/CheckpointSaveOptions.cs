namespace Sightline.Checkpoints;

/// <summary>How <see cref="CheckpointWriter"/> writes weights.</summary>
public sealed record CheckpointSaveOptions
{
    /// <summary>The file format, or both. Default: safetensors.</summary>
    public CheckpointFormat Format { get; init; } = CheckpointFormat.Safetensors;

    /// <summary>The type that float tensors get: F32, F16 or BF16; null (the default) keeps each one's own. Whole numbers and booleans are never changed.</summary>
    public TensorDType? DType { get; init; }

    /// <summary>The most bytes of tensors in one file; a larger tensor has a file to itself. Default: 10,000,000,000, as in Transformers 4.17.</summary>
    public long MaxShardBytes { get; init; } = 10_000_000_000;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ConfigurationException">One of them cannot be used.</exception>
    public void Validate()
    {
        if (Format is 0 || (Format & ~(CheckpointFormat.Safetensors | CheckpointFormat.PyTorchBin)) != 0)
            throw new ConfigurationException($"{nameof(Format)} is {(int)Format}; Safetensors, PyTorchBin or both were expected.");
        if (DType is not (null or TensorDType.F32 or TensorDType.F16 or TensorDType.BF16))
            throw new ConfigurationException($"{nameof(DType)} is {DType}; F32, F16 or BF16 were expected.");
        if (MaxShardBytes <= 0)
            throw new ConfigurationException($"{nameof(MaxShardBytes)} is {MaxShardBytes}; a positive number of bytes was expected.");
    }
}
