using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// A picture encoder (ViT or DeiT) and a text decoder (GPT-2 with cross-attention): HF <c>VisionEncoderDecoderModel</c>. Immutable after
/// loading and safe to use from several threads at once.
/// </summary>
public sealed class VisionEncoderDecoderModel : IDisposable
{
    private Parts? _parts;

    private VisionEncoderDecoderModel(VisionEncoderDecoderConfig config, Parts parts, IReadOnlyList<string> surplusTensors)
    {
        Config = config;
        _parts = parts;
        SurplusTensors = surplusTensors;
    }

    /// <summary>The configuration it was built from.</summary>
    public VisionEncoderDecoderConfig Config { get; }

    /// <summary>Tensors of the checkpoint that the model does not use, mask buffers left out.</summary>
    public IReadOnlyList<string> SurplusTensors { get; }

    private Parts Live => _parts ?? throw new ObjectDisposedException(nameof(VisionEncoderDecoderModel));

    /// <summary>Loads config.json and the weights of a checkpoint folder.</summary>
    /// <param name="folder">A folder as Hugging Face's <c>save_pretrained</c> writes it.</param>
    /// <param name="options">Threads and number format; null means the defaults.</param>
    /// <exception cref="ConfigurationException">config.json is missing or cannot be used.</exception>
    /// <exception cref="CheckpointException">Weights are missing, damaged, or do not fit the configuration.</exception>
    public static VisionEncoderDecoderModel Load(string folder, ModelOptions? options = null)
    {
        options ??= new ModelOptions();
        options.Validate();
        var config = VisionEncoderDecoderConfig.Load(folder);
        var tensors = Checkpoint.Open(folder);
        var keep = false;
        try
        {
            var format = PackedCheckpoint.FormatFor(tensors, options.DType, folder);
            var model = Create(config, tensors, KernelSet.Create(options.Threads, format), folder);
            keep = PackedCheckpoint.FormatOf(tensors) is not null; // read from the map as long as the layers live
            return model;
        }
        finally
        {
            if (!keep)
                tensors.Dispose();
        }
    }

    /// <summary>Builds a model from tensors that are open already. They may be closed afterwards.</summary>
    /// <exception cref="CheckpointException">Weights are missing or do not fit the configuration.</exception>
    public static VisionEncoderDecoderModel Create(VisionEncoderDecoderConfig config, TensorSource tensors, ModelOptions? options = null)
    {
        options ??= new ModelOptions();
        options.Validate();
        return Create(config, tensors, KernelSet.Create(options.Threads, PackedCheckpoint.FormatFor(tensors, options.DType, "checkpoint")), "checkpoint");
    }

    internal static VisionEncoderDecoderModel Create(VisionEncoderDecoderConfig config, TensorSource tensors, KernelSet kernels, string where)
    {
        var weights = new WeightBinder(tensors);
        var parts = Bind(config, weights, kernels);
        weights.ThrowIfFaulty(where);
        return new VisionEncoderDecoderModel(config, parts!, [.. weights.Surplus]);
    }

    /// <summary>Asks for every weight; null, with faults in the binder, if some do not fit.</summary>
    internal static Parts? Bind(VisionEncoderDecoderConfig config, WeightBinder weights, KernelSet kernels)
    {
        var encoder = ViTEncoder.Bind(weights, "encoder.", config.Encoder, kernels);
        var projection = config.HasEncoderToDecoderProjection
            ? weights.Linear(kernels, LinearRole.EncoderEdge, "enc_to_dec_proj.weight", "enc_to_dec_proj.bias", WeightLayout.OutIn, config.Encoder.HiddenSize, config.Decoder.NEmbd)
            : null;

        var decoder = Gpt2Decoder.Bind(weights, "decoder.", config.Decoder, kernels);
        return weights.Faults.Count > 0 ? null : new Parts(encoder!, projection, decoder!);
    }

    /// <summary>Encodes a batch of pictures in one pass.</summary>
    /// <param name="pixelValues">[batch, channels, imageSize, imageSize], normalised.</param>
    /// <param name="batch">Number of pictures.</param>
    /// <param name="keep">What to keep beside the last hidden state; null means nothing.</param>
    /// <exception cref="ArgumentException">The number of values does not fit.</exception>
    public EncoderOutput Encode(ReadOnlySpan<float> pixelValues, int batch = 1, OutputOptions? keep = null) =>
        Encode(pixelValues, batch, Config.Encoder.ImageSize, Config.Encoder.ImageSize, keep);

    /// <summary>
    /// Encodes pictures of another size than the configured one: position embeddings are interpolated bicubically
    /// (HF <c>interpolate_pos_encoding=True</c>; ViT only, as in 4.17).
    /// </summary>
    /// <param name="pixelValues">[batch, channels, height, width], normalised.</param>
    /// <param name="batch">Number of pictures.</param>
    /// <param name="height">Height in pixels, at least a patch.</param>
    /// <param name="width">Width in pixels, at least a patch.</param>
    /// <param name="keep">What to keep beside the last hidden state; null means nothing.</param>
    /// <exception cref="ArgumentException">The number of values does not fit.</exception>
    /// <exception cref="NotSupportedException">The encoder is a DeiT and the size is not the configured one.</exception>
    public EncoderOutput Encode(ReadOnlySpan<float> pixelValues, int batch, int height, int width, OutputOptions? keep = null)
    {
        var encoder = Config.Encoder;
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, encoder.PatchSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, encoder.PatchSize);
        if (encoder.HasDistillationToken && (height != encoder.ImageSize || width != encoder.ImageSize))
            throw new NotSupportedException($"a DeiT encoder takes pictures of {encoder.ImageSize} × {encoder.ImageSize} pixels only; {height} × {width} was asked for.");
        var expected = (long)batch * encoder.NumChannels * height * width;
        if (pixelValues.Length != expected)
            throw new ArgumentException($"pixelValues has {pixelValues.Length} values; [{batch}, {encoder.NumChannels}, {height}, {width}] needs {expected}.", nameof(pixelValues));
        return Live.Encoder.Forward(pixelValues, batch, height, width, keep ?? OutputOptions.None);
    }

    /// <summary>Runs whole decoder sequences (teacher forcing).</summary>
    /// <param name="encoderOutput">The pictures.</param>
    /// <param name="decoderInputIds">[batch, length], starting with the start token.</param>
    /// <param name="decoderAttentionMask">[batch, length], 0 hides a position from the others; empty hides none. Outputs at hidden positions mean nothing.</param>
    /// <param name="keep">What to keep beside the logits; null means nothing.</param>
    /// <exception cref="ArgumentException">The number of ids is not a multiple of the batch, or exceeds the positions.</exception>
    /// <exception cref="SightlineException">An id is outside the vocabulary.</exception>
    public DecoderOutput Decode(EncoderOutput encoderOutput, ReadOnlySpan<int> decoderInputIds, ReadOnlySpan<byte> decoderAttentionMask = default, OutputOptions? keep = null)
    {
        ArgumentNullException.ThrowIfNull(encoderOutput);
        var decoder = Live.Decoder;
        var batch = encoderOutput.Batch;
        var length = decoderInputIds.Length / batch;
        if (length == 0 || decoderInputIds.Length % batch != 0)
            throw new ArgumentException($"decoderInputIds has {decoderInputIds.Length} ids; a multiple of the batch ({batch}) was expected.", nameof(decoderInputIds));
        if (length > decoder.Config.NPositions)
            throw new ArgumentException($"decoderInputIds has {length} ids a row; the decoder has {decoder.Config.NPositions} positions.", nameof(decoderInputIds));
        if (!decoderAttentionMask.IsEmpty && decoderAttentionMask.Length != decoderInputIds.Length)
            throw new ArgumentException($"decoderAttentionMask has {decoderAttentionMask.Length} values; decoderInputIds has {decoderInputIds.Length}.", nameof(decoderAttentionMask));
        TokenIds.Check(decoderInputIds, decoder.Config.VocabSize);

        keep ??= OutputOptions.None;
        var capture = new Gpt2Capture(keep);
        using var cache = decoder.CreateSelfCache(batch, length);
        var scratch = decoder.CreateScratch(batch * length);
        using var cross = CreateCrossCache(encoderOutput);
        decoder.Forward(decoderInputIds, batch, length, cache, cross, 1, decoderAttentionMask, scratch, capture);
        var logits = new float[checked(batch * length * decoder.Config.VocabSize)];
        decoder.Logits(scratch.States, batch * length, logits);
        return new DecoderOutput
        {
            Logits = logits,
            HiddenStates = capture.HiddenStates,
            Attentions = capture.Attentions,
            CrossAttentions = capture.CrossAttentions,
            PastKeyValues = !keep.PastKeyValues ? [] : [.. Enumerable.Range(0, decoder.Config.NLayer).Select(layer =>
                (cache.SplitHeads(layer, decoder.Config.NHead, keys: true), cache.SplitHeads(layer, decoder.Config.NHead, keys: false)))],
        };
    }

    /// <summary>Labels moved right: the start id first, -100 replaced by the pad id (HF <c>shift_tokens_right</c>).</summary>
    /// <param name="labels">[batch, length].</param>
    /// <param name="batch">Number of rows.</param>
    /// <exception cref="ConfigurationException">config.json gives no decoder_start_token_id or no pad_token_id.</exception>
    public int[] ShiftTokensRight(ReadOnlySpan<int> labels, int batch)
    {
        var start = Config.DecoderStartTokenId ?? throw new ConfigurationException("config.json gives no decoder_start_token_id; labels cannot be turned into decoder inputs without it.");
        var pad = Config.PadTokenId ?? throw new ConfigurationException("config.json gives no pad_token_id; labels cannot be turned into decoder inputs without it.");
        var length = labels.Length / batch;
        var shifted = new int[labels.Length];
        for (var i = 0; i < labels.Length; i++)
            shifted[i] = i % length == 0 ? start : labels[i - 1] == CrossEntropy.IgnoredLabel ? pad : labels[i - 1];
        return shifted;
    }

    /// <summary>Starts decoding with a cache; cross-attention keys and values are computed here, once per picture.</summary>
    /// <param name="encoderOutput">The pictures.</param>
    /// <param name="rowsPerImage">Sequences per picture: beams or samples.</param>
    public IDecoderSession StartDecoding(EncoderOutput encoderOutput, int rowsPerImage = 1)
    {
        ArgumentNullException.ThrowIfNull(encoderOutput);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerImage, 1);
        return new DecoderSession(Live.Decoder, CreateCrossCache(encoderOutput), encoderOutput.Batch, rowsPerImage);
    }

    /// <summary>Lets the weights go; later calls throw <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose() => _parts = null;

    private CrossCache CreateCrossCache(EncoderOutput encoderOutput)
    {
        var states = encoderOutput.LastHiddenState.Span;
        if (Live.Projection is { } projection)
        {
            var rows = encoderOutput.Batch * encoderOutput.SequenceLength;
            var projected = new float[rows * projection.OutFeatures];
            projection.Forward(states, rows, projected);
            states = projected;
        }

        return Live.Decoder.CreateCrossCache(states, encoderOutput.Batch, encoderOutput.SequenceLength);
    }

    internal sealed record Parts(ViTEncoder Encoder, LinearLayer? Projection, Gpt2Decoder Decoder);
}
