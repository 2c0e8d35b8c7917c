namespace Sightline.Kernels;

/// <summary>Activation functions of the feed-forward layers, with the formulas of Hugging Face 4.17 <c>activations.py</c>.</summary>
public enum Activation
{
    /// <summary>x.</summary>
    Identity,

    /// <summary>x Φ(x) with the exact normal distribution: ½ x (1 + erf(x / √2)).</summary>
    Gelu,

    /// <summary>½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).</summary>
    GeluNew,

    /// <summary>½ x (1 + tanh(0.7978845608 x (1 + 0.044715 x²))).</summary>
    GeluFast,

    /// <summary>x σ(1.702 x).</summary>
    QuickGelu,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>x σ(x), also called swish.</summary>
    Silu,

    /// <summary>tanh(x).</summary>
    Tanh,
}
