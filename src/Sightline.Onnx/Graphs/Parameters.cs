using System.Runtime.InteropServices;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Models;

namespace Sightline.Onnx.Graphs;

/// <summary>The values of a checkpoint by the model's names for them, whatever names and types they are stored under.</summary>
internal sealed class Parameters
{
    private readonly TensorSource _source;
    private readonly Dictionary<string, TensorInfo> _found = [];

    /// <exception cref="CheckpointException">Weights are missing or do not fit config.json.</exception>
    public Parameters(VisionEncoderDecoderConfig config, TensorSource source, string where)
    {
        var match = TensorMatch.Create(config, source);
        match.ThrowIfIncomplete(where);
        _source = source;
        foreach (var (parameter, tensor) in match.Found)
            _found.Add(parameter.Name, tensor);
    }

    public long[] Shape(string name) => [.. _found[name].Shape];

    /// <summary>The values as 32-bit floats; memory of the file itself where they are stored so.</summary>
    public ReadOnlyMemory<byte> Bytes(string name)
    {
        var tensor = _found[name];
        return tensor.DType == TensorDType.F32 ? _source.GetMemory(tensor.Name) : MemoryMarshal.AsBytes(_source.ReadSingles(tensor.Name).AsSpan()).ToArray();
    }

    public ReadOnlySpan<float> Values(string name) => MemoryMarshal.Cast<byte, float>(Bytes(name).Span);

    /// <summary>A matrix [rows, columns] as [columns, rows].</summary>
    public float[] Transposed(string name)
    {
        var shape = _found[name].Shape;
        return MatrixLayout.Transpose(Values(name), (int)shape[0], (int)shape[1]);
    }

    /// <exception cref="CheckpointException">A value is too large for 16 bits.</exception>
    public ReadOnlyMemory<byte> Half(string name, ReadOnlySpan<float> values)
    {
        CheckpointConverter.CheckFitsHalf(_found[name], values);
        return FloatConversion.Convert(MemoryMarshal.AsBytes(values), TensorDType.F32, TensorDType.F16);
    }
}
