using Sightline.Configuration;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

internal sealed class Gpt2Transformer : Module
{
    private readonly double _dropout;

    [ComponentName(Name = "wte")]
    private readonly EmbeddingTable _tokens;

    [ComponentName(Name = "wpe")]
    private readonly EmbeddingTable _positions;

    [ComponentName(Name = "h")]
    private readonly ModuleList<Gpt2Block> _blocks;

    [ComponentName(Name = "ln_f")]
    private readonly NormLayer _finalNorm;

    public Gpt2Transformer(Gpt2Config config, ComputeMode mode) : base(nameof(Gpt2Transformer))
    {
        _dropout = config.EmbdPdrop;
        _tokens = new EmbeddingTable(config.VocabSize, config.NEmbd);
        _positions = new EmbeddingTable(config.NPositions, config.NEmbd);
        Blocks = [.. Enumerable.Range(0, config.NLayer).Select(i => new Gpt2Block(config, i, mode))];
        _blocks = ModuleList(Blocks);
        _finalNorm = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        RegisterComponents();
    }

    public Gpt2Block[] Blocks { get; }

    public Tensor TokenTable => _tokens.Weight;

    /// <summary>Token and position embeddings; positions are always 0 to seq - 1.</summary>
    public Tensor Embed(Tensor inputIds)
    {
        var positions = _positions.Weight.narrow(0, 0, inputIds.shape[1]);
        return Operations.Dropout(_tokens.forward(inputIds) + positions, _dropout, training);
    }

    public Tensor Normalize(Tensor hidden) => _finalNorm.forward(hidden);

    /// <summary>[batch, seq] of 0 and 1 to what is added to scores [batch, 1, seq, seq], the causal mask included (4.17 adds -1e4).</summary>
    public static Tensor AdditiveMask(Tensor attentionMask)
    {
        var length = attentionMask.shape[1];
        using var scope = NewDisposeScope();
        var causal = triu(ones(length, length, device: attentionMask.device), 1) * -1e4f;
        var keys = (1 - attentionMask.to(ScalarType.Float32)) * -1e4f;
        return (causal + keys.view(-1, 1, 1, length)).MoveToOuterDisposeScope();
    }
}
