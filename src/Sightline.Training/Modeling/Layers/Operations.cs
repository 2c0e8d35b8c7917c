using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
