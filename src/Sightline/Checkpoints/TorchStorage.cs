namespace Sightline.Checkpoints;

/// <summary>A block of elements in a PyTorch file that one or more tensors look into.</summary>
/// <param name="key">Its name in the file.</param>
/// <param name="dtype">Element type.</param>
/// <param name="elementCount">Number of elements.</param>
internal sealed class TorchStorage(string key, TensorDType dtype, long elementCount)
{
    public string Key { get; } = key;

    public TensorDType DType { get; } = dtype;

    public long ElementCount { get; } = elementCount;

    /// <summary>Where its bytes begin in the file; set when they are found, and their number has been checked then.</summary>
    public long FileOffset { get; set; } = -1;
}
