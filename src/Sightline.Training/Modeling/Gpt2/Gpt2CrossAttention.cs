using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

internal sealed class Gpt2CrossAttention : Module
{
    private readonly ComputeMode _mode;
    private readonly int _heads;
    private readonly double _attentionDropout;
    private readonly double _residualDropout;
    private readonly double _queryFactor;

    [ComponentName(Name = "c_attn")]
    private readonly Conv1DLayer _keyValue;

    [ComponentName(Name = "q_attn")]
    private readonly Conv1DLayer _query;

    [ComponentName(Name = "c_proj")]
    private readonly Conv1DLayer _projection;

    public Gpt2CrossAttention(Gpt2Config config, int index, ComputeMode mode) : base(nameof(Gpt2CrossAttention))
    {
        _mode = mode;
        _heads = config.NHead;
        _attentionDropout = config.AttnPdrop;
        _residualDropout = config.ResidPdrop;
        _queryFactor = Gpt2Attention.QueryFactor(config, index);
        _keyValue = new Conv1DLayer(config.NEmbd, 2 * config.NEmbd);
        _query = new Conv1DLayer(config.NEmbd, config.NEmbd);
        _projection = new Conv1DLayer(config.NEmbd, config.NEmbd);
        RegisterComponents();
    }

    // Every encoder position is seen, the class and distillation tokens too.
    public Tensor Forward(Tensor hidden, Tensor encoderHiddenStates)
    {
        var query = Operations.SplitHeads(_query.forward(hidden), _heads);
        if (_queryFactor != 1)
            query *= _queryFactor;
        var parts = _keyValue.forward(encoderHiddenStates).chunk(2, 2);
        var context = Operations.Attend(
            query, Operations.SplitHeads(parts[0], _heads), Operations.SplitHeads(parts[1], _heads), _mode, training ? _attentionDropout : 0);
        return Operations.Dropout(_projection.forward(Operations.MergeHeads(context)), _residualDropout, training);
    }
}
