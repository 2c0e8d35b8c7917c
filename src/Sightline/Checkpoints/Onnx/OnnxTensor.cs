namespace Sightline.Checkpoints.Onnx;

/// <summary>A constant of an ONNX graph; its bytes stay in the file.</summary>
/// <param name="Name">As stored; may be empty.</param>
/// <param name="DType">Element type; null for one that is not read.</param>
/// <param name="Shape">Sizes per dimension.</param>
/// <param name="Offset">Where the bytes begin in the file; -1 where <paramref name="Numbers"/> holds the values.</param>
/// <param name="Length">Number of bytes.</param>
/// <param name="Numbers">Values that are written as a list of whole numbers; few.</param>
internal sealed record OnnxTensor(string Name, TensorDType? DType, long[] Shape, long Offset, int Length, IReadOnlyList<long> Numbers)
{
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}
