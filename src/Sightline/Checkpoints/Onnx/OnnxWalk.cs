using System.Diagnostics.CodeAnalysis;

namespace Sightline.Checkpoints.Onnx;

/// <summary>
/// Walks one graph backwards, from outputs to constants, and recognises the layers that exporters write: linear layers as MatMul, Gemm or MatMulInteger, layer
/// norms as one operation or spelled out, attention. Every step goes to a node further in front, so that a walk ends.
/// </summary>
internal sealed class OnnxWalk(string file, OnnxGraph graph)
{
    // They change shape or type only.
    private static readonly HashSet<string> s_shaping = ["Identity", "Cast", "Dropout", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"];
    private static readonly HashSet<string> s_scaling = ["Mul", "Div", "Add", "Where"];
    private static readonly HashSet<string> s_elementwise = ["Mul", "Div", "Add", "Sub", "Pow", "Tanh", "Erf", "Sigmoid", "Relu", "Gelu", "FastGelu", "QuickGelu"];

    /// <summary>A linear layer.</summary>
    /// <param name="Weight">[in, out] as used.</param>
    /// <param name="Bias">Null for none.</param>
    /// <param name="Input">What it reads.</param>
    /// <param name="Product">The node that multiplies.</param>
    public sealed record Linear(OnnxConstant Weight, OnnxConstant? Bias, string Input, OnnxNode Product);

    /// <summary>A layer norm.</summary>
    public sealed record Norm(OnnxConstant Weight, OnnxConstant Bias, string Input, OnnxNode Node);

    /// <summary>The values that attention puts together, and the node that does.</summary>
    public sealed record Attention(string Query, string Key, string Value, OnnxNode Node);

    public CheckpointException Unfit(OnnxNode? node, string expected, string value = "") => new(
        $"{file}: {node?.Title ?? $"value {MessageText.Quote(value)}"} does not fit: {expected} was expected. ViT and DeiT encoders with GPT-2 decoders are read, as Optimum and Sightline export them.");

    /// <summary>Goes back over operations that change shape or type only.</summary>
    public string Skip(string value)
    {
        while (graph.Producer(value) is { } node && s_shaping.Contains(node.Operation) && node.Inputs.Count > 0)
            value = node.Inputs[0];
        return value;
    }

    public OnnxNode? Producer(string value) => graph.Producer(Skip(value));

    /// <summary>A value that does not depend on inputs: stored, turned round, or widened from 8 bits.</summary>
    public OnnxConstant? Constant(string value)
    {
        var isTransposed = false;
        while (true)
        {
            if (graph.Producer(value) is not { } node)
                return graph.Initializer(value) is { } tensor ? new OnnxConstant(tensor, isTransposed) : null;
            switch (node.Operation)
            {
                case "Constant":
                    return node.Tensor is { } own ? new OnnxConstant(own, isTransposed) : null;
                case "Identity" or "Cast" or "Reshape" or "Squeeze" or "Unsqueeze" when node.Inputs.Count > 0:
                    value = node.Inputs[0];
                    break;
                case "Transpose" when node.Inputs.Count > 0:
                    isTransposed = !isTransposed;
                    value = node.Inputs[0];
                    break;
                case "DequantizeLinear" when node.Inputs.Count > 1:
                    return Constant(node.Inputs[0]) is { } stored && Constant(node.Inputs[1]) is { } scale
                        ? new OnnxConstant(stored.Tensor, isTransposed, scale.Tensor, node.Inputs.Count > 2 ? Constant(node.Inputs[2])?.Tensor : null)
                        : null;
                default:
                    return null;
            }
        }
    }

    /// <summary>A linear layer with or without bias.</summary>
    public bool TryLinear(string value, [NotNullWhen(true)] out Linear? linear)
    {
        linear = null;
        if (Producer(value) is not { } node)
            return false;
        if (node.Operation == "Add" && ConstantOperand(node) is { } operand)
        {
            if (graph.Producer(Skip(node.Inputs[1 - operand])) is not { } inner || Product(inner) is not { Bias: null } product)
                return false;
            linear = product with { Bias = Constant(node.Inputs[operand]) };
            return true;
        }

        linear = Product(node);
        return linear is not null;
    }

    public Linear ExpectLinear(string value, string what) => TryLinear(value, out var linear) ? linear : throw Unfit(Producer(value), $"a linear layer ({what})", value);

    /// <summary>A layer norm: the operation, or (x - mean) / √(variance + ε) · weight + bias.</summary>
    public Norm ExpectNorm(string value, string what)
    {
        var node = Producer(value) ?? throw Unfit(null, $"a layer norm ({what})", value);
        if (node.Operation == "LayerNormalization" && node.Inputs.Count == 3 && Constant(node.Inputs[1]) is { } weight && Constant(node.Inputs[2]) is { } bias)
            return new Norm(weight, bias, node.Inputs[0], node);
        if (node.Operation == "Add" && ConstantOperand(node) is { } shift && Producer(node.Inputs[1 - shift]) is { Operation: "Mul" } scaled && ConstantOperand(scaled) is { } factor
            && Producer(scaled.Inputs[1 - factor]) is { Operation: "Div", Inputs.Count: 2 } quotient && Producer(quotient.Inputs[0]) is { Operation: "Sub", Inputs.Count: 2 } centred
            && Producer(quotient.Inputs[1]) is { Operation: "Sqrt" } && Producer(centred.Inputs[1]) is { Operation: "ReduceMean" })
            return new Norm(Constant(scaled.Inputs[factor])!, Constant(node.Inputs[shift])!, centred.Inputs[0], node);
        throw Unfit(node, $"a layer norm ({what})");
    }

    /// <summary>The norm that gives <paramref name="value"/>, taken of <paramref name="of"/>.</summary>
    public Norm ExpectNormOf(string value, string of, string what)
    {
        var norm = ExpectNorm(value, what);
        return IsSame(norm.Input, of) ? norm : throw Unfit(norm.Node, $"the norm of what the block has so far ({what})");
    }

    /// <summary>The two sides of a residual connection; null where the value is none.</summary>
    public (string Branch, string Others)? Residual(string value)
    {
        if (Producer(value) is not { Operation: "Add", Inputs.Count: 2 } node || TryLinear(value, out _))
            return null;
        if (TryLinear(node.Inputs[0], out _))
            return (node.Inputs[0], node.Inputs[1]);
        return TryLinear(node.Inputs[1], out _) ? (node.Inputs[1], node.Inputs[0]) : null;
    }

    /// <summary>The linear layer before an activation, and the operations between that tell which activation it is.</summary>
    public Linear ExpectActivated(string value, string what, ISet<string> operations)
    {
        const int MostOperations = 40;
        var (open, seen, found) = (new Queue<string>([value]), new HashSet<string>(), (Linear?)null);
        while (open.TryDequeue(out var next))
        {
            next = Skip(next);
            if (!seen.Add(next))
                continue;
            if (TryLinear(next, out var linear))
            {
                if (found is not null && found.Product != linear.Product)
                    throw Unfit(linear.Product, $"one linear layer before the activation ({what})");
                found = linear;
                continue;
            }

            var node = graph.Producer(next);
            if (node is null || !s_elementwise.Contains(node.Operation) || seen.Count > MostOperations)
                throw Unfit(node, $"an activation behind a linear layer ({what})", next);
            operations.Add(node.Operation);
            foreach (var input in node.Inputs.Where(graph.IsData))
                open.Enqueue(input);
        }

        return found ?? throw Unfit(Producer(value), $"a linear layer before the activation ({what})", value);
    }

    /// <summary>softmax(query · key · scale + mask) · value.</summary>
    public Attention ExpectAttention(string value, string what)
    {
        var context = Expect(Producer(value), "MatMul", $"probabilities times values ({what})", value);
        var softmax = Expect(Producer(context.Inputs[0]), "Softmax", $"attention probabilities ({what})", context.Inputs[0]);
        var scores = SkipScaling(softmax.Inputs[0]);
        var product = graph.Producer(scores);
        if (product?.Operation is not ("MatMul" or "FusedMatMul") || product.Inputs.Count < 2)
            throw Unfit(product, $"queries times keys ({what})", scores);
        return new Attention(product.Inputs[0], product.Inputs[1], context.Inputs[1], context);
    }

    /// <summary>Goes back from queries, keys or values of one kind to where they come from: over heads, scales, the cache, and the split of a joint layer.</summary>
    /// <returns>The value, and which output of a Split it was (0 where there is none).</returns>
    public (string Value, int Part) Head(string value)
    {
        var part = 0;
        while (true)
        {
            value = SkipScaling(value);
            var node = graph.Producer(value);
            if (node is { Operation: "Concat", Inputs.Count: 2 } && node.Inputs.Any(IsInput))
                value = node.Inputs.First(input => !IsInput(input));
            else if (node is { Operation: "Split" } && node.Inputs.Count > 0)
                (value, part) = (node.Inputs[0], node.Outputs.IndexOf(value));
            else
                return (value, part);
        }
    }

    /// <summary>Whether two values are the same, apart from shape and type.</summary>
    public bool IsSame(string a, string b) => Skip(a) == Skip(b);

    public OnnxNode Expect(OnnxNode? node, string operation, string what, string value) =>
        node?.Operation == operation && node.Inputs.Count >= (operation is "MatMul" or "Gather" or "Add" or "Concat" ? 2 : 1) ? node : throw Unfit(node, what, value);

    /// <summary>A table whose rows are looked up, as floats or widened from 8 bits, and the ids.</summary>
    public (OnnxConstant Table, string Ids) ExpectLookup(string value)
    {
        var node = Producer(value);
        if (node is { Operation: "DequantizeLinear" } && node.Inputs.Count > 1 && Producer(node.Inputs[0]) is { Operation: "Gather", Inputs.Count: 2 } quantized
            && Constant(quantized.Inputs[0]) is { } stored && Constant(node.Inputs[1]) is { } scale)
            return (stored with { Scale = scale.Tensor, ZeroPoint = node.Inputs.Count > 2 ? Constant(node.Inputs[2])?.Tensor : null }, quantized.Inputs[1]);
        var gather = Expect(node, "Gather", "rows of an embedding", value);
        return (Constant(gather.Inputs[0]) ?? throw Unfit(gather, "a stored embedding"), gather.Inputs[1]);
    }

    /// <summary>The product of 8-bit numbers behind its scale: the weight, its input, and the node; null where this is none.</summary>
    public Linear? Integers(OnnxNode node, string operation)
    {
        if (node.Operation != "Mul" || node.Inputs.Count != 2)
            return null;
        for (var side = 0; side < 2; side++)
        {
            if (Producer(node.Inputs[side]) is { } product && product.Operation == operation && product.Inputs.Count >= 2
                && Constant(product.Inputs[1]) is { } weight && graph.Producer(product.Inputs[0]) is { Operation: "DynamicQuantizeLinear", Inputs.Count: 1 } input
                && Producer(node.Inputs[1 - side]) is { Operation: "Mul", Inputs.Count: 2 } scales && ConstantOperand(scales) is { } scale)
            {
                var zeroPoint = product.Inputs.Count > 3 ? Constant(product.Inputs[3])?.Tensor : null;
                return new Linear(weight with { Scale = Constant(scales.Inputs[scale])!.Tensor, ZeroPoint = zeroPoint }, null, input.Inputs[0], product);
            }
        }

        return null;
    }

    /// <summary>Which of two operands is constant; null for neither or both.</summary>
    public int? ConstantOperand(OnnxNode node) => node.Inputs.Count != 2 ? null : (Constant(node.Inputs[0]) is not null, Constant(node.Inputs[1]) is not null) switch
    {
        (true, false) => 0,
        (false, true) => 1,
        _ => null,
    };

    public bool IsInput(string value) => graph.Producer(Skip(value)) is null && graph.Initializer(Skip(value)) is null;

    private Linear? Product(OnnxNode node)
    {
        switch (node.Operation)
        {
            case "MatMul" when node.Inputs.Count == 2 && Constant(node.Inputs[1]) is { } weight:
                return new Linear(weight, null, node.Inputs[0], node);
            case "Gemm" when node.Inputs.Count >= 2 && node.Integers.GetValueOrDefault("transA") == 0 && Constant(node.Inputs[1]) is { } weight:
                var bias = node.Inputs.Count > 2 && node.Inputs[2].Length > 0 ? Constant(node.Inputs[2]) : null;
                return new Linear(node.Integers.GetValueOrDefault("transB") == 0 ? weight : weight with { IsTransposed = !weight.IsTransposed }, bias, node.Inputs[0], node);
            default:
                return Integers(node, "MatMulInteger");
        }
    }

    // Over shapes, and over operations with a number or a mask.
    private string SkipScaling(string value)
    {
        while (true)
        {
            value = Skip(value);
            if (graph.Producer(value) is not { } node || !s_scaling.Contains(node.Operation) || TryLinear(value, out _))
                return value;
            if (node.Inputs.Where(graph.IsData).ToArray() is not [var only])
                return value;
            value = only;
        }
    }
}
