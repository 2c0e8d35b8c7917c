using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>Writes the layers that have large weights: what differs between number types.</summary>
internal abstract class LayerWriter(Parameters parameters)
{
    /// <summary>The float type of everything between the layers.</summary>
    public abstract DataType Element { get; }

    protected Parameters Parameters { get; } = parameters;

    /// <summary>x · weight + bias.</summary>
    /// <param name="graph">Gets the nodes.</param>
    /// <param name="path">The layer's place in the model.</param>
    /// <param name="value">[batch, seq, in].</param>
    /// <param name="name">The layer's name in the checkpoint, without <c>.weight</c>.</param>
    /// <param name="isOutIn">Whether the checkpoint stores [out, in], as ViT does, and not [in, out], as GPT-2 does.</param>
    /// <param name="hasBias">Whether it has a bias.</param>
    public string Linear(GraphBuilder graph, string path, string value, string name, bool isOutIn, bool hasBias = true)
    {
        var product = Multiply(graph, path, value, $"{name}.weight", isOutIn);
        return hasBias ? graph.Add(path, product, Vector(graph, $"{name}.bias")) : product;
    }

    /// <summary>Rows of a table.</summary>
    /// <param name="graph">Gets the nodes.</param>
    /// <param name="path">The layer's place in the model.</param>
    /// <param name="ids">Numbers of rows.</param>
    /// <param name="name">The table's name in the checkpoint.</param>
    public abstract string Embedding(GraphBuilder graph, string path, string ids, string name);

    /// <summary>Logits: states times the transposed table [vocab, hidden].</summary>
    public abstract string Head(GraphBuilder graph, string path, string states, string name);

    /// <summary>A convolution whose patches do not overlap.</summary>
    public abstract string Convolution(GraphBuilder graph, string path, string value, string name, int patch);

    /// <summary>Small values in the element type: biases, tokens, positions that are added as they are.</summary>
    public string Vector(GraphBuilder graph, string name, bool isFloat32 = false)
    {
        if (isFloat32 || Element == DataType.Float)
            return graph.Constants.Add(name, DataType.Float, Parameters.Shape(name), Parameters.Bytes(name));
        return graph.Constants.Has(name) ? name : graph.Constants.Add(name, Element, Parameters.Shape(name), Parameters.Half(name, Parameters.Values(name)));
    }

    /// <summary>value · weight, the weight turned round to [in, out] where it is not stored so.</summary>
    protected abstract string Multiply(GraphBuilder graph, string path, string value, string weightName, bool isOutIn);

    protected static global::Onnx.AttributeProto[] ConvolutionShape(int patch) =>
    [
        GraphBuilder.Attribute("dilations", [1, 1]),
        GraphBuilder.Attribute("group", 1),
        GraphBuilder.Attribute("kernel_shape", [patch, patch]),
        GraphBuilder.Attribute("pads", [0, 0, 0, 0]),
        GraphBuilder.Attribute("strides", [patch, patch]),
    ];
}
