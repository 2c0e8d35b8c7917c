namespace Sightline.Checkpoints;

/// <summary>The forms in which weights are written; they can be combined.</summary>
[Flags]
public enum CheckpointFormat
{
    /// <summary><c>model.safetensors</c>.</summary>
    Safetensors = 1,

    /// <summary><c>pytorch_model.bin</c>.</summary>
    PyTorchBin = 2,
}
