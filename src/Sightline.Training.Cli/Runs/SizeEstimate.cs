using Sightline.Configuration;
using Sightline.Models;

namespace Sightline.Training.Cli.Runs;

/// <summary>How much room a model and its training take. Exact for parameters and optimizer, a rough count of kept tensors for activations.</summary>
internal sealed class SizeEstimate
{
    private const int Single = sizeof(float);

    public SizeEstimate(VisionEncoderDecoderConfig config, TrainingArguments arguments)
    {
        foreach (var parameter in ParameterCatalog.List(config))
        {
            if (parameter.Name.StartsWith("encoder.", StringComparison.Ordinal))
                Encoder += parameter.ElementCount;
            else
                Decoder += parameter.ElementCount;
        }

        var half = arguments.Bf16 || arguments.Fp16;
        ModelBytes = Single * (Encoder + Decoder);
        CheckpointBytes = 3 * ModelBytes; // weights and Adam's two moments
        StateBytes = (4 * ModelBytes) + (half ? ModelBytes : 0); // and gradients; in half precision a copy of weights and gradients
        ActivationBytes = Activations(config, arguments) * (half ? Single / 2 : Single);
    }

    /// <summary>Parameters of the encoder, pooler included.</summary>
    public long Encoder { get; }

    /// <summary>Parameters of the decoder and of the projection between both.</summary>
    public long Decoder { get; }

    /// <summary>The weights in fp32.</summary>
    public long ModelBytes { get; }

    /// <summary>A checkpoint that can be resumed from.</summary>
    public long CheckpointBytes { get; }

    /// <summary>Weights, gradients and the optimizer's moments.</summary>
    public long StateBytes { get; }

    /// <summary>What the backward pass of one batch needs, roughly.</summary>
    public long ActivationBytes { get; }

    // Values that a layer keeps a position: inputs of its norms and products, gates, and the attention's probabilities.
    private static long Activations(VisionEncoderDecoderConfig config, TrainingArguments arguments)
    {
        var (encoder, decoder, rows) = (config.Encoder, config.Decoder, (long)arguments.PerDeviceTrainBatchSize);
        var patches = 1L + ((long)encoder.ImageSize / encoder.PatchSize * (encoder.ImageSize / encoder.PatchSize));
        var length = Math.Min(arguments.LabelMaxLength, decoder.NPositions);
        var encoderLayer = patches * ((8L * encoder.HiddenSize) + (2L * encoder.IntermediateSize) + (2L * encoder.NumAttentionHeads * patches));
        var inner = decoder.NInner ?? 4 * decoder.NEmbd;
        var decoderLayer = (length * ((14L * decoder.NEmbd) + (4L * inner) + (2L * decoder.NHead * (length + patches)))) + (2L * patches * decoder.NEmbd);
        var logits = 3L * length * decoder.VocabSize;
        return arguments.GradientCheckpointing
            ? rows * ((encoder.NumHiddenLayers * patches * encoder.HiddenSize) + (decoder.NLayer * length * decoder.NEmbd) + Math.Max(encoderLayer, decoderLayer) + logits)
            : rows * ((encoder.NumHiddenLayers * encoderLayer) + (decoder.NLayer * decoderLayer) + logits);
    }
}
