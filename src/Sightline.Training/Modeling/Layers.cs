using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>y = x·Wᵀ + b with the weight as ViT stores it: [out, in]. Values are set by loading.</summary>
internal sealed class LinearLayer : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    public LinearLayer(int inputs, int outputs, bool bias = true) : base(nameof(LinearLayer))
    {
        _weight = new Parameter(empty(outputs, inputs));
        _bias = bias ? new Parameter(empty(outputs)) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => functional.linear(input, _weight, _bias);
}

/// <summary>The same with the weight as GPT-2 stores it (HF <c>Conv1D</c>): [in, out].</summary>
internal sealed class Conv1DLayer : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public Conv1DLayer(int inputs, int outputs) : base(nameof(Conv1DLayer))
    {
        _weight = new Parameter(empty(inputs, outputs));
        _bias = new Parameter(empty(outputs));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) =>
        addmm(_bias, input.reshape(-1, _weight.shape[0]), _weight, 1, 1).view(input.shape[0], input.shape[1], _weight.shape[1]);
}

/// <summary>Layer normalisation over the last dimension.</summary>
internal sealed class NormLayer : Module<Tensor, Tensor>
{
    private readonly long[] _shape;
    private readonly double _epsilon;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public NormLayer(int width, double epsilon) : base(nameof(NormLayer))
    {
        _shape = [width];
        _epsilon = epsilon;
        _weight = new Parameter(empty(width));
        _bias = new Parameter(empty(width));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => functional.layer_norm(input, _shape, _weight, _bias, _epsilon);
}

/// <summary>A table of rows chosen by id.</summary>
internal sealed class EmbeddingTable : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    public EmbeddingTable(int rows, int width) : base(nameof(EmbeddingTable))
    {
        _weight = new Parameter(empty(rows, width));
        RegisterComponents();
    }

    /// <summary>[rows, width]; also the output projection of a tied model.</summary>
    public Tensor Weight => _weight;

    // ids [batch, seq]
    public override Tensor forward(Tensor ids) => _weight.index_select(0, ids.reshape(-1)).view(ids.shape[0], ids.shape[1], _weight.shape[1]);
}

/// <summary>Formulas that the encoder and the decoder share.</summary>
internal static class Operations
{
    /// <summary>The activation of config.json's name (HF <c>ACT2FN</c>).</summary>
    public static Tensor Activate(string name, Tensor x, ComputeMode mode) => name switch
    {
        "gelu" or "gelu_python" => functional.gelu(x),
        "gelu_new" when mode.ReferenceOrder => 0.5 * x * (1.0 + tanh(Math.Sqrt(2.0 / Math.PI) * (x + 0.044715 * pow(x, 3.0)))),
        "gelu_new" or "gelu_fast" or "gelu_pytorch_tanh" => x.gelu(TorchSharp.Modules.GELU.Approximate.tanh),
        "quick_gelu" => x * sigmoid(1.702 * x),
        "relu" => functional.relu(x),
        "silu" or "swish" => functional.silu(x),
        "tanh" => tanh(x),
        "linear" => x,
        _ => throw new ConfigurationException($"activation '{name}' is not supported; gelu, gelu_new, gelu_fast, quick_gelu, relu, silu, tanh and linear are."),
    };

    /// <summary>Dropout while training; the input itself otherwise.</summary>
    public static Tensor Dropout(Tensor x, double probability, bool training) =>
        training && probability > 0 ? functional.dropout(x, probability, training: true) : x;

    /// <summary>
    /// Attention of [batch, heads, queries, headDim] over [batch, heads, keys, headDim], scores divided by √headDim.
    /// </summary>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="mode">Which form; the numbers differ by rounding only.</param>
    /// <param name="dropout">Of the probabilities; 0 outside training.</param>
    /// <param name="causal">Whether a query sees no later key.</param>
    /// <param name="mask">Added to the scores [batch, heads, queries, keys]; it holds the causal mask then.</param>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, ComputeMode mode, double dropout, bool causal = false, Tensor? mask = null)
    {
        if (!mode.ReferenceOrder)
            return functional.scaled_dot_product_attention(q, k, v, mask, dropout, is_casual: causal && mask is null);
        var scores = matmul(q, k.transpose(-1, -2)) / Math.Sqrt(q.shape[3]);
        if (mask is not null)
            scores += mask;
        else if (causal)
            scores = scores.masked_fill(triu(ones(q.shape[2], q.shape[2], ScalarType.Bool, q.device), 1), -1e4f); // 4.17's masked_bias
        return matmul(Dropout(softmax(scores, -1), dropout, training: true), v);
    }

    /// <summary>[batch, seq, width] to [batch, heads, seq, headDim].</summary>
    public static Tensor SplitHeads(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);

    /// <summary>[batch, heads, seq, headDim] to [batch, seq, width].</summary>
    public static Tensor MergeHeads(Tensor x) => x.transpose(1, 2).reshape(x.shape[0], x.shape[2], x.shape[1] * x.shape[3]);
}
