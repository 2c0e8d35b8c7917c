namespace Sightline.Checkpoints.Onnx;

/// <summary>
/// Reads the part of an ONNX file that says how its tensors are used. Field numbers are those of the official <c>onnx.proto</c>; fields that are not
/// needed are passed over.
/// </summary>
internal sealed class OnnxReader
{
    private const int MaxItems = 1 << 18; // nodes, tensors, names and attributes in all; GPT-2 merged twice has some 20,000
    private const int MaxGraphDepth = 4;
    private const int MaxDimensions = 8;
    private const int MaxNumbers = 1 << 16;

    private readonly string _file;
    private int _items;

    private OnnxReader(string file) => _file = file;

    /// <exception cref="CheckpointException">Not an ONNX file, damaged, or beyond the bounds.</exception>
    public static OnnxGraph Read(MappedFile file)
    {
        NotACheckpoint.Check(file, "ONNX");
        if (file.Length > int.MaxValue)
            throw new CheckpointException($"{file.Path}: {file.Length} bytes; an ONNX file has at most {int.MaxValue}.");
        var reader = new OnnxReader(file.Path);
        var model = new ProtoReader(file.Span(0, (int)file.Length), 0, file.Path);
        OnnxGraph? graph = null;
        while (model.Next(out var field, out var type))
        {
            if (field == 7 && type == ProtoReader.BytesType && graph is null)
                graph = reader.Graph(model.Message(), null, 0);
            else
                model.Skip(type);
        }

        return graph ?? throw new CheckpointException($"{file.Path}: holds no graph; an ONNX file was expected.");
    }

    // Initializers and inputs may stand behind the nodes that read them, so that these are read in a second pass.
    private OnnxGraph Graph(ProtoReader message, OnnxGraph? outer, int depth)
    {
        var graph = new OnnxGraph(outer);
        var again = message;
        while (message.Next(out var field, out var type))
        {
            if (type != ProtoReader.BytesType || field is not (1 or 5 or 11 or 12))
            {
                message.Skip(type);
                continue;
            }

            var part = message.Message();
            Count(ref part);
            if (field == 5)
            {
                var tensor = Tensor(part);
                graph.Initializers[tensor.Name] = tensor;
            }
            else if (field == 11)
            {
                graph.Inputs.Add(FirstText(part));
            }
            else if (field == 12)
            {
                graph.Outputs.Add(FirstText(part));
            }
        }

        graph.Begin();
        while (again.Next(out var field, out var type))
        {
            if (field != 1 || type != ProtoReader.BytesType)
                again.Skip(type);
            else if (graph.Add(Node(again.Message(), graph, depth)) is { } fault)
                throw new CheckpointException($"{_file}: {fault}.");
        }

        return graph;
    }

    private OnnxNode Node(ProtoReader message, OnnxGraph graph, int depth)
    {
        var node = new OnnxNode();
        while (message.Next(out var field, out var type))
        {
            if (type != ProtoReader.BytesType || field is < 1 or > 5)
            {
                message.Skip(type);
                continue;
            }

            Count(ref message);
            switch (field)
            {
                case 1:
                    node.Inputs.Add(message.Text());
                    break;
                case 2:
                    node.Outputs.Add(message.Text());
                    break;
                case 3:
                    node.Name = message.Text();
                    break;
                case 4:
                    node.Operation = message.Text();
                    break;
                default:
                    Attribute(message.Message(), node, graph, depth);
                    break;
            }
        }

        return node;
    }

    private void Attribute(ProtoReader message, OnnxNode node, OnnxGraph graph, int depth)
    {
        var name = FirstText(message);
        while (message.Next(out var field, out var type))
        {
            if (field == 3 && type == ProtoReader.VarintType)
                node.Integers[name] = (long)message.Varint();
            else if (field == 5 && type == ProtoReader.BytesType)
                node.Tensor = Tensor(message.Message());
            else if (field == 6 && type == ProtoReader.BytesType)
                node.Graphs[name] = depth < MaxGraphDepth ? Graph(message.Message(), graph, depth + 1) : throw message.Damaged($"graphs in graphs more than {MaxGraphDepth} deep");
            else
                message.Skip(type);
        }
    }

    private OnnxTensor Tensor(ProtoReader message)
    {
        var (shape, numbers, name, dataType, isExternal) = (new List<long>(), new List<long>(), "", 0L, false);
        var (offset, length) = (-1L, 0);
        while (message.Next(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, ProtoReader.VarintType or ProtoReader.BytesType):
                    message.Integers(type, shape, MaxDimensions);
                    break;
                case (2, ProtoReader.VarintType):
                    dataType = (long)message.Varint();
                    break;
                case (4 or 9 or 10, ProtoReader.BytesType): // floats and doubles in a row are stored as raw data is
                    length = message.Bytes(out offset).Length;
                    break;
                case (5 or 7, ProtoReader.VarintType or ProtoReader.BytesType):
                    message.Integers(type, numbers, MaxNumbers);
                    break;
                case (8, ProtoReader.BytesType):
                    name = message.Text();
                    break;
                case (14, ProtoReader.VarintType):
                    isExternal = message.Varint() == 1;
                    break;
                default:
                    message.Skip(type);
                    break;
            }
        }

        if (isExternal)
            throw new CheckpointException($"{_file}: tensor {MessageText.Quote(name)} lies in another file (external data), which is not read; export the model as one file.");
        var dtype = DType(dataType);
        if (dtype is { } known && (!TensorDTypes.TryGetByteCount(known, [.. shape], out var bytes) || (offset >= 0 ? bytes != length : bytes != (long)numbers.Count * known.Size())))
            throw new CheckpointException($"{_file}: tensor {MessageText.Quote(name)} is {known} [{string.Join(", ", shape)}], which does not fit its {(offset >= 0 ? $"{length} bytes" : $"{numbers.Count} numbers")}.");
        return new OnnxTensor(name, dtype, [.. shape], offset, length, numbers);
    }

    private static TensorDType? DType(long dataType) => dataType switch
    {
        1 => TensorDType.F32,
        2 => TensorDType.U8,
        3 => TensorDType.I8,
        5 => TensorDType.I16,
        6 => TensorDType.I32,
        7 => TensorDType.I64,
        9 => TensorDType.Bool,
        10 => TensorDType.F16,
        11 => TensorDType.F64,
        16 => TensorDType.BF16,
        _ => null,
    };

    // The name is field 1 of attributes, inputs and outputs.
    private static string FirstText(ProtoReader message)
    {
        while (message.Next(out var field, out var type))
        {
            if (field == 1 && type == ProtoReader.BytesType)
                return message.Text();
            message.Skip(type);
        }

        return "";
    }

    private void Count(ref ProtoReader reader)
    {
        if (++_items > MaxItems)
            throw reader.Damaged($"more than {MaxItems} nodes, tensors and names");
    }
}
