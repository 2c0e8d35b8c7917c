using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>One decoder block: self-attention, cross-attention, feed-forward, each after a layer norm.</summary>
internal sealed class Gpt2Block : Module
{
    [ComponentName(Name = "ln_1")]
    private readonly NormLayer _norm1;

    [ComponentName(Name = "attn")]
    private readonly Gpt2Attention _attention;

    [ComponentName(Name = "ln_2")]
    private readonly NormLayer _norm2;

    [ComponentName(Name = "crossattention")]
    private readonly Gpt2CrossAttention _crossAttention;

    [ComponentName(Name = "ln_cross_attn")]
    private readonly NormLayer _normCross;

    [ComponentName(Name = "mlp")]
    private readonly Gpt2FeedForward _feedForward;

    public Gpt2Block(Gpt2Config config, int index, ComputeMode mode) : base(nameof(Gpt2Block))
    {
        _norm1 = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        _attention = new Gpt2Attention(config, index, mode);
        _norm2 = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        _crossAttention = new Gpt2CrossAttention(config, index, mode);
        _normCross = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        _feedForward = new Gpt2FeedForward(config, mode);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden, Tensor encoderHiddenStates, Tensor? mask = null)
    {
        hidden += _attention.Forward(_norm1.forward(hidden), mask);
        hidden += _crossAttention.Forward(_normCross.forward(hidden), encoderHiddenStates);
        return hidden + _feedForward.forward(_norm2.forward(hidden));
    }
}
