using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>The constant tensors of a model, all in its outermost graph, where the branches of an If see them too. A name is written once.</summary>
internal sealed class Initializers(GraphProto root)
{
    private readonly HashSet<string> _names = [];

    /// <summary>Bytes of all tensors.</summary>
    public long ByteCount { get; private set; }

    public bool Has(string name) => _names.Contains(name);

    /// <summary>Adds a tensor unless one of this name is there.</summary>
    public string Add(string name, DataType type, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> bytes)
    {
        if (!_names.Add(name))
            return name;
        ByteCount += bytes.Length;
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };
        tensor.Dims.AddRange(shape.ToArray());
        root.Initializer.Add(tensor);
        return name;
    }

    public string AddValues<T>(string name, DataType type, ReadOnlySpan<long> shape, ReadOnlySpan<T> values) where T : unmanaged =>
        Has(name) ? name : Add(name, type, shape, (ReadOnlyMemory<byte>)MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A vector of whole numbers: a shape, axes.</summary>
    public string Integers(params ReadOnlySpan<long> values) =>
        AddValues($"integers_{string.Join("_", values.ToArray())}", DataType.Int64, [values.Length], values);

    /// <summary>A whole number without a dimension.</summary>
    public string Integer(long value) => AddValues<long>($"integer_{value}", DataType.Int64, [], [value]);

    /// <summary>A number without a dimension in a float type.</summary>
    public string Number(float value, DataType type)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return type == DataType.Float16 ? AddValues<Half>($"number_{text}_fp16", type, [], [(Half)value]) : AddValues<float>($"number_{text}", type, [], [value]);
    }
}
