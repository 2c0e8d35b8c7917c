using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>
/// Layers with 8-bit weights, in the form that ONNX Runtime's <c>quantize_dynamic</c> gives them: activations quantised by DynamicQuantizeLinear,
/// integer products, and the product of both scales behind.
/// </summary>
/// <param name="parameters">The values.</param>
/// <param name="isSigned">int8, symmetric; otherwise uint8 with a zero point.</param>
/// <param name="perChannel">A scale for each output of a linear layer. The convolution stays in floats: ONNX Runtime has it for one scale and uint8 only.</param>
internal sealed class QuantizedLayers(Parameters parameters, bool isSigned, bool perChannel) : LayerWriter(parameters)
{
    private readonly FloatLayers _floats = new(parameters, DataType.Float);

    public override DataType Element => DataType.Float;

    public override string Embedding(GraphBuilder graph, string path, string ids, string name)
    {
        var (table, scale, zeroPoint) = Quantize(graph, name, turned: false, perChannel: false);
        return graph.Node(path, "DequantizeLinear", [graph.Node(path, "Gather", [table, ids]), scale, zeroPoint]);
    }

    public override string Head(GraphBuilder graph, string path, string states, string name) => Multiply(graph, path, states, name, isOutIn: true);

    public override string Convolution(GraphBuilder graph, string path, string value, string name, int patch)
    {
        if (perChannel)
            return _floats.Convolution(graph, path, value, name, patch);
        var product = MultiplyIntegers(graph, path, "ConvInteger", value, Quantize(graph, $"{name}.weight", turned: false, perChannel: false), ConvolutionShape(patch));
        var bias = graph.Reshape(path, Vector(graph, $"{name}.bias"), 1, -1, 1, 1);
        return graph.Add(path, product, bias);
    }

    protected override string Multiply(GraphBuilder graph, string path, string value, string weightName, bool isOutIn) =>
        MultiplyIntegers(graph, path, "MatMulInteger", value, Quantize(graph, weightName, isOutIn, perChannel), []);

    private static string MultiplyIntegers(GraphBuilder graph, string path, string operation, string value, (string Values, string Scale, string ZeroPoint) weight, global::Onnx.AttributeProto[] attributes)
    {
        var input = graph.Quantize(value);
        var product = graph.Node(path, operation, [input[0], weight.Values, input[2], weight.ZeroPoint], attributes);
        return graph.Multiply(path, graph.Cast(path, product, DataType.Float), graph.Multiply($"{path}/scales", input[1], weight.Scale));
    }

    private (string Values, string Scale, string ZeroPoint) Quantize(GraphBuilder graph, string name, bool turned, bool perChannel)
    {
        var stem = turned ? $"{name}_transposed" : name;
        var names = ($"{stem}_quantized", $"{stem}_scale", $"{stem}_zero_point");
        if (graph.Constants.Has(names.Item1))
            return names;
        var shape = Parameters.Shape(name);
        if (turned)
            shape = [shape[1], shape[0]];
        var quantized = Quantization.Quantize(turned ? Parameters.Transposed(name) : Parameters.Values(name), isSigned, perChannel ? (int)shape[^1] : 1);
        if (!quantized.Scales.All(float.IsFinite))
            throw new CheckpointException($"tensor '{name}' holds infinite or undefined values, which have no 8-bit form; choose fp32.");
        var type = isSigned ? DataType.Int8 : DataType.Uint8;
        long[] scaleShape = perChannel ? [shape[^1]] : [];
        graph.Constants.Add(names.Item1, type, shape, quantized.Values);
        graph.Constants.AddValues<float>(names.Item2, DataType.Float, scaleShape, quantized.Scales);
        graph.Constants.Add(names.Item3, type, scaleShape, quantized.ZeroPoints);
        return names;
    }
}
