using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

internal sealed class Gpt2Attention : Module
{
    private readonly ComputeMode _mode;
    private readonly int _heads;
    private readonly double _attentionDropout;
    private readonly double _residualDropout;
    private readonly double _queryFactor;

    [ComponentName(Name = "c_attn")]
    private readonly Conv1DLayer _queryKeyValue;

    [ComponentName(Name = "c_proj")]
    private readonly Conv1DLayer _projection;

    public Gpt2Attention(Gpt2Config config, int index, ComputeMode mode) : base(nameof(Gpt2Attention))
    {
        _mode = mode;
        _heads = config.NHead;
        _attentionDropout = config.AttnPdrop;
        _residualDropout = config.ResidPdrop;
        _queryFactor = QueryFactor(config, index);
        _queryKeyValue = new Conv1DLayer(config.NEmbd, 3 * config.NEmbd);
        _projection = new Conv1DLayer(config.NEmbd, config.NEmbd);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden, Tensor? mask)
    {
        var parts = _queryKeyValue.forward(hidden).chunk(3, 2);
        var query = Operations.SplitHeads(parts[0], _heads);
        if (_queryFactor != 1)
            query *= _queryFactor;
        var context = Operations.Attend(
            query, Operations.SplitHeads(parts[1], _heads), Operations.SplitHeads(parts[2], _heads), _mode, training ? _attentionDropout : 0, causal: true, mask);
        return Operations.Dropout(_projection.forward(Operations.MergeHeads(context)), _residualDropout, training);
    }

    /// <summary>
    /// torch divides scores by the square root of the head width; GPT-2's options ask for no division, or one by the block number as well. The
    /// difference goes to the query.
    /// </summary>
    internal static double QueryFactor(Gpt2Config config, int index)
    {
        var factor = config.ScaleAttnWeights ? 1 : Math.Sqrt((double)config.NEmbd / config.NHead);
        return config.ScaleAttnByInverseLayerIdx ? factor / (index + 1) : factor;
    }
}
