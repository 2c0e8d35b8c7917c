using Onnx;

namespace Sightline.Onnx.Graphs;

/// <summary>A size of an input or output: a number, or a name for what may vary.</summary>
internal readonly record struct Dimension(long Size, string? Name)
{
    public static implicit operator Dimension(long size) => new(size, null);

    public static implicit operator Dimension(string name) => new(0, name);

    public TensorShapeProto.Types.Dimension ToProto() => Name is null ? new() { DimValue = Size } : new() { DimParam = Name };
}
