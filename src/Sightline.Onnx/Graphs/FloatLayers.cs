using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>Layers in 32-bit or 16-bit floats.</summary>
internal sealed class FloatLayers(Parameters parameters, DataType element) : LayerWriter(parameters)
{
    public override DataType Element => element;

    public override string Embedding(GraphBuilder graph, string path, string ids, string name) => graph.Node(path, "Gather", [Vector(graph, name), ids]);

    // Gemm reads the table as it is, so that a tied head needs no second copy; it knows matrices only.
    public override string Head(GraphBuilder graph, string path, string states, string name)
    {
        var (vocabulary, hidden) = (Parameters.Shape(name)[0], Parameters.Shape(name)[1]);
        var rows = graph.Reshape(path, states, -1, hidden);
        var logits = graph.Node(path, "Gemm", [rows, Vector(graph, name)], GraphBuilder.Attribute("transB", 1));
        var shape = graph.Concat(path, 0, graph.Size(path, states, 0), graph.Size(path, states, 1), graph.Constants.Integers(vocabulary));
        return graph.Node(path, "Reshape", [logits, shape]);
    }

    public override string Convolution(GraphBuilder graph, string path, string value, string name, int patch) =>
        graph.Node(path, "Conv", [value, Vector(graph, $"{name}.weight"), Vector(graph, $"{name}.bias")], ConvolutionShape(patch));

    protected override string Multiply(GraphBuilder graph, string path, string value, string weightName, bool isOutIn) =>
        graph.MatMul(path, value, isOutIn ? Turned(graph, weightName) : Vector(graph, weightName));

    private string Turned(GraphBuilder graph, string name)
    {
        var turned = $"{name}_transposed";
        if (graph.Constants.Has(turned))
            return turned;
        var (values, shape) = (Parameters.Transposed(name), Parameters.Shape(name));
        return Element == DataType.Float
            ? graph.Constants.Add(turned, Element, [shape[1], shape[0]], FloatMemory.Of(values))
            : graph.Constants.Add(turned, Element, [shape[1], shape[0]], Parameters.Half(name, values));
    }
}
