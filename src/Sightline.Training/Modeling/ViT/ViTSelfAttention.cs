using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

internal sealed class ViTSelfAttention : Module<Tensor, Tensor>
{
    private readonly ComputeMode _mode;
    private readonly int _heads;
    private readonly double _dropout;

    [ComponentName(Name = "query")]
    private readonly LinearLayer _query;

    [ComponentName(Name = "key")]
    private readonly LinearLayer _key;

    [ComponentName(Name = "value")]
    private readonly LinearLayer _value;

    public ViTSelfAttention(ViTConfig config, ComputeMode mode) : base(nameof(ViTSelfAttention))
    {
        _mode = mode;
        _heads = config.NumAttentionHeads;
        _dropout = config.AttentionProbsDropoutProb;
        _query = new LinearLayer(config.HiddenSize, config.HiddenSize, config.QkvBias);
        _key = new LinearLayer(config.HiddenSize, config.HiddenSize, config.QkvBias);
        _value = new LinearLayer(config.HiddenSize, config.HiddenSize, config.QkvBias);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        var query = Operations.SplitHeads(_query.forward(hidden), _heads);
        var key = Operations.SplitHeads(_key.forward(hidden), _heads);
        var value = Operations.SplitHeads(_value.forward(hidden), _heads);
        return Operations.MergeHeads(Operations.Attend(query, key, value, _mode, training ? _dropout : 0));
    }
}
