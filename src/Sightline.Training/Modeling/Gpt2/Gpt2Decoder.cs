using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>GPT-2 with cross-attention and its output projection, as Transformers 4.17 computes it.</summary>
internal sealed class Gpt2Decoder : Module
{
    [ComponentName(Name = "transformer")]
    private readonly Gpt2Transformer _transformer;

    [ComponentName(Name = "lm_head")]
    private readonly LinearLayer? _head;

    public Gpt2Decoder(Gpt2Config config, ComputeMode mode) : base(nameof(Gpt2Decoder))
    {
        _transformer = new Gpt2Transformer(config, mode);
        _head = config.TieWordEmbeddings ? null : new LinearLayer(config.NEmbd, config.VocabSize, bias: false);
        RegisterComponents();
    }

    public Gpt2Transformer Transformer => _transformer;

    /// <summary>[batch, seq, n_embd] to logits [batch, seq, vocab], by the token table where the two are tied.</summary>
    public Tensor Project(Tensor hidden) => _head is null ? functional.linear(hidden, _transformer.TokenTable) : _head.forward(hidden);

    /// <summary>Logits [batch, seq, vocab] of input ids [batch, seq] that read encoder states [batch, positions, n_embd].</summary>
    public Tensor Forward(Tensor inputIds, Tensor encoderHiddenStates, Tensor? attentionMask = null)
    {
        var hidden = _transformer.Embed(inputIds);
        using var mask = attentionMask is null ? null : Gpt2Transformer.AdditiveMask(attentionMask);
        foreach (var block in _transformer.Blocks)
            hidden = block.Forward(hidden, encoderHiddenStates, mask);
        return Project(_transformer.Normalize(hidden));
    }
}
