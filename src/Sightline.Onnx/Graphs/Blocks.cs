using Sightline.Kernels;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>
/// The parts that encoder and decoder share, spelled out in the operations that PyTorch's exporter uses, because ONNX Runtime recognises those patterns and
/// runs each as one operation (LayerNormalization, Gelu, FastGelu, FusedMatMul).
/// </summary>
internal static class Blocks
{
    /// <summary>Layer norm over the last axis, in 32 bits also where the graph computes in 16: squares of GPT-2's states pass 65504.</summary>
    public static string LayerNorm(GraphBuilder graph, LayerWriter layers, string path, string value, string name, double epsilon)
    {
        var isHalf = graph.Element == DataType.Float16;
        var x = isHalf ? graph.Cast(path, value, DataType.Float) : value;
        var centred = graph.Node(path, "Sub", [x, Mean(x)]);
        var variance = Mean(graph.Node(path, "Pow", [centred, Number(2)]));
        var deviation = graph.Node(path, "Sqrt", [graph.Add(path, variance, Number((float)epsilon))]);
        var scaled = graph.Multiply(path, graph.Node(path, "Div", [centred, deviation]), layers.Vector(graph, $"{name}.weight", isFloat32: true));
        var result = graph.Add(path, scaled, layers.Vector(graph, $"{name}.bias", isFloat32: true));
        return isHalf ? graph.Cast(path, result, DataType.Float16) : result;

        string Mean(string of) => graph.Node(path, "ReduceMean", [of], GraphBuilder.Attribute("axes", [-1]));

        string Number(float number) => graph.Constants.Number(number, DataType.Float);
    }

    /// <summary>[batch, seq, heads · headDim] to [batch, heads, seq, headDim].</summary>
    public static string SplitHeads(GraphBuilder graph, string path, string value, int heads, int headDim) =>
        graph.Transpose(path, graph.Reshape(path, value, 0, 0, heads, headDim), 0, 2, 1, 3);

    /// <summary>softmax(query · keyᵀ · scale) · value, the heads side by side again.</summary>
    /// <param name="graph">Gets the nodes.</param>
    /// <param name="path">The place in the model.</param>
    /// <param name="query">[batch, heads, seq, headDim].</param>
    /// <param name="key">[batch, heads, keys, headDim].</param>
    /// <param name="value">[batch, heads, keys, headDim].</param>
    /// <param name="scale">Multiplies the scores.</param>
    /// <param name="hidden">heads · headDim.</param>
    /// <param name="mask">[seq, keys] of booleans, false hides a key; null hides none.</param>
    /// <returns>[batch, seq, hidden].</returns>
    public static string Attention(GraphBuilder graph, string path, string query, string key, string value, float scale, long hidden, string? mask = null)
    {
        var scores = graph.MatMul(path, query, graph.Transpose(path, key, 0, 1, 3, 2));
        scores = graph.Multiply(path, scores, graph.Number(scale));
        if (mask is not null)
            scores = graph.Node(path, "Where", [mask, scores, graph.Number(graph.Element == DataType.Float16 ? (float)Half.MinValue : float.MinValue)]);
        var probabilities = graph.Node(path, "Softmax", [scores], GraphBuilder.Attribute("axis", -1));
        var context = graph.Transpose(path, graph.MatMul(path, probabilities, value), 0, 2, 1, 3);
        return graph.Reshape(path, context, 0, 0, hidden);
    }

    /// <summary>An activation with the formula of Hugging Face's <c>activations.py</c>.</summary>
    public static string Activate(GraphBuilder graph, string path, string x, Activation activation)
    {
        switch (activation)
        {
            case Activation.Identity:
                return x;
            case Activation.Relu:
                return graph.Node(path, "Relu", [x]);
            case Activation.Tanh:
                return graph.Node(path, "Tanh", [x]);
            case Activation.Silu:
                return graph.Multiply(path, x, graph.Node(path, "Sigmoid", [x]));
            case Activation.QuickGelu:
                return graph.Multiply(path, x, graph.Node(path, "Sigmoid", [graph.Multiply(path, x, graph.Number(1.702f))]));
            case Activation.Gelu:
                var erf = graph.Node(path, "Erf", [graph.Node(path, "Div", [x, graph.Number(MathF.Sqrt(2))])]);
                return graph.Multiply(path, graph.Multiply(path, x, graph.Add(path, erf, graph.Number(1))), graph.Number(0.5f));
            case Activation.GeluNew:
                var cube = graph.Node(path, "Pow", [x, graph.Number(3)]);
                var inner = graph.Add(path, x, graph.Multiply(path, cube, graph.Number(0.044715f)));
                return HalfTimesOnePlusTanh(graph.Multiply(path, inner, graph.Number(MathF.Sqrt(2 / MathF.PI))));
            case Activation.GeluFast:
                var square = graph.Multiply(path, graph.Multiply(path, x, graph.Number(0.044715f)), x);
                var scaled = graph.Multiply(path, x, graph.Number(0.7978845608f));
                return HalfTimesOnePlusTanh(graph.Multiply(path, scaled, graph.Add(path, square, graph.Number(1))));
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, "no such activation");
        }

        string HalfTimesOnePlusTanh(string value)
        {
            var half = graph.Multiply(path, x, graph.Number(0.5f));
            return graph.Multiply(path, half, graph.Add(path, graph.Node(path, "Tanh", [value]), graph.Number(1)));
        }
    }
}
