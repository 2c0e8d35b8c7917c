using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>The TorchSharp module whose state dict has the checkpoint's names.</summary>
internal sealed class CaptioningModule : Module
{
    [ComponentName(Name = "encoder")]
    private readonly ViTEncoder _encoder;

    [ComponentName(Name = "decoder")]
    private readonly Gpt2Decoder _decoder;

    [ComponentName(Name = "enc_to_dec_proj")]
    private readonly LinearLayer? _projection;

    public CaptioningModule(VisionEncoderDecoderConfig config) : base(nameof(CaptioningModule))
    {
        _encoder = new ViTEncoder(config.Encoder, Mode);
        _decoder = new Gpt2Decoder(config.Decoder, Mode);
        _projection = config.HasEncoderToDecoderProjection ? new LinearLayer(config.Encoder.HiddenSize, config.Decoder.NEmbd) : null;
        RegisterComponents();
    }

    /// <summary>How all layers compute.</summary>
    public ComputeMode Mode { get; } = new();

    public ViTEncoder Encoder => _encoder;

    public Gpt2Decoder Decoder => _decoder;

    /// <summary>Encoder states [batch, positions, hidden], after the final layer norm.</summary>
    public Tensor Encode(Tensor pixelValues) => _encoder.forward(pixelValues);

    /// <summary>Encoder states in the decoder's width.</summary>
    public Tensor Bridge(Tensor encoderStates) => _projection is null ? encoderStates : _projection.forward(encoderStates);

    /// <summary>Logits [rows, seq, vocab].</summary>
    /// <param name="pixelValues">[images, channels, height, width].</param>
    /// <param name="inputIds">[rows, seq].</param>
    /// <param name="imageIndex">[rows]: the image of each row, where several captions share one; null: row i reads image i.</param>
    /// <param name="attentionMask">[rows, seq] of 0 and 1, or null for none (training uses none).</param>
    public Tensor Forward(Tensor pixelValues, Tensor inputIds, Tensor? imageIndex = null, Tensor? attentionMask = null)
    {
        var states = Bridge(Encode(pixelValues));
        if (imageIndex is not null)
            states = states.index_select(0, imageIndex);
        return _decoder.Forward(inputIds, states, attentionMask);
    }

    /// <summary>As <see cref="Forward"/> without a mask, layer by layer; the backward pass must go through <paramref name="chain"/>.</summary>
    public Tensor ForwardInSegments(Tensor pixelValues, Tensor inputIds, Tensor? imageIndex, SegmentChain chain)
    {
        var hidden = chain.Run(["encoder.embeddings."], _encoder.Embed, pixelValues);
        for (var i = 0; i < _encoder.Layers.Count; i++)
            hidden = chain.Run([$"encoder.encoder.layer.{i}."], _encoder.Layers[i].forward, hidden);
        var states = chain.Run(["encoder.layernorm.", "enc_to_dec_proj."], x =>
        {
            var bridged = Bridge(_encoder.Normalize(x));
            return imageIndex is null ? bridged : bridged.index_select(0, imageIndex);
        }, hidden);
        var transformer = _decoder.Transformer;
        hidden = chain.Run(["decoder.transformer.wte.", "decoder.transformer.wpe."], transformer.Embed, inputIds);
        for (var i = 0; i < transformer.Blocks.Length; i++)
        {
            var block = transformer.Blocks[i];
            hidden = chain.Run([$"decoder.transformer.h.{i}."], x => block.Forward(x, states), hidden);
        }

        chain.LastParameters = ["decoder.transformer.ln_f.", "decoder.lm_head."]; // a tied table is whole only after the embedding
        return _decoder.Project(transformer.Normalize(hidden));
    }
}
