using System.Runtime.InteropServices;

namespace Sightline.Checkpoints.Onnx;

/// <summary>Reads the values of constants out of their file.</summary>
internal static class OnnxValues
{
    /// <summary>The values as floats, in the order in which they are stored.</summary>
    /// <exception cref="CheckpointException">The type is not read, or scales do not fit the values.</exception>
    public static float[] Read(MappedFile file, OnnxConstant constant)
    {
        var (tensor, scaleTensor) = (constant.Tensor, constant.Scale);
        if (scaleTensor is null)
            return Numbers(file, tensor);
        if (tensor.DType is not (TensorDType.I8 or TensorDType.U8))
            throw new CheckpointException($"{file.Path}: tensor {MessageText.Quote(tensor.Name)} is {tensor.DType} and has a scale; I8 or U8 was expected.");
        var (values, scales) = (Numbers(file, tensor), Numbers(file, scaleTensor));
        var zeroPoints = constant.ZeroPoint is { } given ? Numbers(file, given) : new float[scales.Length];
        // One scale for all, for each column of a matrix, or for each filter of a convolution.
        var isConvolution = tensor.Shape.Length == 4;
        var (channels, run) = scales.Length == 1 ? (1, values.Length)
            : isConvolution ? (tensor.Shape[0], values.Length / Math.Max((int)tensor.Shape[0], 1)) : (tensor.Shape.Length == 0 ? 1 : tensor.Shape[^1], 1);
        if (scales.Length != channels || (zeroPoints.Length != scales.Length && zeroPoints.Length != 1))
            throw new CheckpointException($"{file.Path}: tensor {MessageText.Quote(tensor.Name)} [{string.Join(", ", tensor.Shape)}] has {scales.Length} scales and {zeroPoints.Length} zero points; 1 or {channels} were expected.");
        for (var i = 0; i < values.Length; i++)
        {
            var channel = i / Math.Max(run, 1) % scales.Length;
            values[i] = (values[i] - zeroPoints[zeroPoints.Length == 1 ? 0 : channel]) * scales[channel];
        }

        return values;
    }

    private static float[] Numbers(MappedFile file, OnnxTensor tensor)
    {
        var dtype = tensor.DType ?? throw new CheckpointException($"{file.Path}: tensor {MessageText.Quote(tensor.Name)} has an element type that is not read; fp32, fp16, bf16 and 8 bits are.");
        if (tensor.Offset < 0)
            return [.. tensor.Numbers.Select(number => dtype == TensorDType.F16 ? (float)BitConverter.UInt16BitsToHalf((ushort)number) : number)];
        var bytes = file.Span(tensor.Offset, tensor.Length);
        var values = new float[tensor.Count];
        switch (dtype)
        {
            case TensorDType.U8:
                for (var i = 0; i < values.Length; i++)
                    values[i] = bytes[i];
                break;
            case TensorDType.I8:
                for (var i = 0; i < values.Length; i++)
                    values[i] = (sbyte)bytes[i];
                break;
            case TensorDType.I32:
                for (var i = 0; i < values.Length; i++)
                    values[i] = MemoryMarshal.Read<int>(bytes[(4 * i)..]);
                break;
            default:
                if (!FloatConversion.IsFloat(dtype))
                    throw new CheckpointException($"{file.Path}: tensor {MessageText.Quote(tensor.Name)} is {dtype}; floats or 8 bits were expected.");
                FloatConversion.ToSingles(bytes, dtype, values);
                break;
        }

        return values;
    }
}
