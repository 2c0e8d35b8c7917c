namespace Sightline.Checkpoints;

/// <summary>What a checkpoint says of one tensor, without its data.</summary>
/// <param name="Name">The key as stored, e.g. <c>decoder.transformer.h.0.attn.c_attn.weight</c>.</param>
/// <param name="DType">Element type as stored.</param>
/// <param name="Shape">Sizes per dimension; empty for a scalar.</param>
/// <param name="File">The file that holds it, for messages.</param>
public sealed record TensorInfo(string Name, TensorDType DType, IReadOnlyList<long> Shape, string File)
{
    /// <summary>Number of elements (1 for a scalar).</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>The shape as a message shows it: <c>[768, 2304]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
