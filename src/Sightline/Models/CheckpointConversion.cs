namespace Sightline.Models;

/// <summary>What <see cref="CheckpointConverter"/> wrote.</summary>
public sealed record CheckpointConversion
{
    /// <summary>Every file written, by name, and its size in bytes.</summary>
    public required IReadOnlyList<(string Name, long Bytes)> Files { get; init; }

    /// <summary>Tensors that were left out: mask buffers of older versions and what the model does not use.</summary>
    public required IReadOnlyList<string> DroppedTensors { get; init; }

    /// <summary>Files of the source folder that are no part of a checkpoint and were left behind.</summary>
    public required IReadOnlyList<string> OtherFiles { get; init; }
}
