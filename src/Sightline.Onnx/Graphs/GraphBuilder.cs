using Google.Protobuf;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>
/// Appends nodes to a graph. A node is named after its place in the model and its operation, and its output after the node, as PyTorch's exporter does:
/// <c>/encoder/layer.0/attention/query/MatMul_output_0</c>.
/// </summary>
/// <param name="graph">Gets the nodes.</param>
/// <param name="constants">The model's tensors.</param>
/// <param name="element">The float type that the graph computes in.</param>
/// <param name="prefix">Comes before every name, so that the branches of an If do not name a thing twice.</param>
internal sealed class GraphBuilder(GraphProto graph, Initializers constants, DataType element, string prefix = "")
{
    private readonly Dictionary<string, int> _used = [];
    private readonly Dictionary<string, string[]> _quantized = [];

    public Initializers Constants { get; } = constants;

    public DataType Element { get; } = element;

    /// <summary>Adds a node with one output.</summary>
    /// <returns>The output's name.</returns>
    public string Node(string path, string operation, IEnumerable<string> inputs, params AttributeProto[] attributes) =>
        Node(path, operation, inputs, 1, attributes)[0];

    /// <summary>Adds a node with several outputs.</summary>
    public string[] Node(string path, string operation, IEnumerable<string> inputs, int outputs, params AttributeProto[] attributes)
    {
        var name = $"{prefix}/{path}/{operation}";
        var count = _used[name] = _used.GetValueOrDefault(name) + 1;
        if (count > 1)
            name = $"{name}_{count - 1}";
        var names = Enumerable.Range(0, outputs).Select(index => $"{name}_output_{index}").ToArray();
        Named(name, operation, inputs, names, attributes);
        return names;
    }

    /// <summary>Adds a node whose outputs have names of their own.</summary>
    public void Named(string name, string operation, IEnumerable<string> inputs, IEnumerable<string> outputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { Name = name, OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes);
        graph.Node.Add(node);
    }

    /// <summary>Gives a value the name of a graph's output, in 32-bit floats.</summary>
    public void Output(string value, string name, params Dimension[] shape)
    {
        if (Element == DataType.Float)
            Named($"{prefix}/{name}", "Identity", [value], [name]);
        else
            Named($"{prefix}/{name}", "Cast", [value], [name], Attribute("to", (long)DataType.Float));
        graph.Output.Add(Describe(name, DataType.Float, shape));
    }

    public void Input(string name, DataType type, params Dimension[] shape) => graph.Input.Add(Describe(name, type, shape));

    /// <summary>A 32-bit input in the type the graph computes in.</summary>
    public string FromInput(string name) => Element == DataType.Float ? name : Cast(name, name, Element);

    public string Cast(string path, string value, DataType type) => Node(path, "Cast", [value], Attribute("to", (long)type));

    public string Number(float value) => Constants.Number(value, Element);

    public string Add(string path, string a, string b) => Node(path, "Add", [a, b]);

    public string Multiply(string path, string a, string b) => Node(path, "Mul", [a, b]);

    public string MatMul(string path, string a, string b) => Node(path, "MatMul", [a, b]);

    public string Transpose(string path, string value, params long[] permutation) => Node(path, "Transpose", [value], Attribute("perm", permutation));

    /// <summary>0 keeps a dimension, -1 is what is left.</summary>
    public string Reshape(string path, string value, params ReadOnlySpan<long> shape) => Node(path, "Reshape", [value, Constants.Integers(shape)]);

    public string Concat(string path, long axis, params string[] values) => Node(path, "Concat", values, Attribute("axis", axis));

    /// <summary>One size of a value, as a vector of one element.</summary>
    public string Size(string path, string value, int axis) =>
        Node(path, "Slice", [Node(path, "Shape", [value]), Constants.Integers(axis), Constants.Integers(axis + 1), Constants.Integers(0)]);

    /// <summary>A vector of one element as a number.</summary>
    public string Scalar(string path, string value) => Node(path, "Squeeze", [value, Constants.Integers(0)]);

    /// <summary>Quantises a value while the graph runs: uint8 values, scale, zero point. Layers that read the same value share it.</summary>
    public string[] Quantize(string value)
    {
        if (_quantized.TryGetValue(value, out var names))
            return names;
        names = [$"{value}_quantized", $"{value}_scale", $"{value}_zero_point"];
        Named($"{value}_QuantizeLinear", "DynamicQuantizeLinear", [value], names);
        return _quantized[value] = names;
    }

    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Attribute(string name, long[] values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    public static AttributeProto Attribute(string name, GraphProto value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = value };

    public static AttributeProto Attribute(string name, string value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    private static ValueInfoProto Describe(string name, DataType type, Dimension[] shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.AddRange(shape.Select(dimension => dimension.ToProto()));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
