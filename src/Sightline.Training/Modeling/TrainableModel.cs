using System.Runtime.InteropServices;
using Sightline.Configuration;
using Sightline.Models;
using Sightline.Training.Native;
using Sightline.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Sightline.Training.Modeling;

/// <summary>
/// A ViT or DeiT encoder with a GPT-2 decoder that can be trained, on libtorch. Parameters have the names of Hugging Face checkpoints.
/// </summary>
public sealed class TrainableModel : IDisposable
{
    private readonly Device _device;

    private TrainableModel(VisionEncoderDecoderConfig config, string device)
    {
        TorchLibrary.Load();
        Config = config;
        _device = ParseDevice(device);
        Module = new CaptioningModule(config);
        Module.eval();
    }

    /// <summary>The configuration that the model was built for.</summary>
    public VisionEncoderDecoderConfig Config { get; }

    /// <summary>Every parameter's name, in the order of HF's <c>named_parameters</c>.</summary>
    public IReadOnlyList<string> ParameterNames => [.. Module.named_parameters().Select(p => p.name)];

    /// <summary>Number of values in all parameters; a tied output projection counts once.</summary>
    public long ParameterCount => Module.parameters().Sum(p => p.numel());

    internal CaptioningModule Module { get; }

    internal Device Device => _device;

    /// <summary>The flat buffers that hold the parameters while they are trained.</summary>
    internal ParameterArena? Arena { get; set; }

    /// <summary>The id that stands for padding in decoder inputs and in the loss that counts padding.</summary>
    /// <exception cref="ConfigurationException">The configuration has none, so that labels alone cannot be used (HF raises ValueError).</exception>
    public int PadTokenId => Config.PadTokenId
        ?? throw new ConfigurationException("config.json: pad_token_id is missing; training needs it to fill up labels. Set it, for GPT-2 usually to the end token's id.");

    /// <summary>The first decoder input.</summary>
    /// <exception cref="ConfigurationException">The configuration has none.</exception>
    public int DecoderStartTokenId => Config.DecoderStartTokenId
        ?? throw new ConfigurationException("config.json: decoder_start_token_id is missing; training needs it to shift labels. Set it, for GPT-2 usually to the end token's id.");

    /// <summary>Loads a checkpoint folder: safetensors or PyTorch weights, one file or shards; half precision is widened to fp32.</summary>
    /// <param name="folder">A Hugging Face folder with config.json.</param>
    /// <param name="device"><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="ConfigurationException">config.json or the device cannot be used.</exception>
    /// <exception cref="CheckpointException">Weights are missing or of other shapes: all faults in one line.</exception>
    public static TrainableModel Load(string folder, string device = "cpu") => FromCheckpoint(ModelCheckpoint.Load(folder), device);

    /// <summary>Builds the model from weights in memory: a warm start, or a fresh initialisation for training from scratch.</summary>
    /// <param name="checkpoint">Configuration and weights; they are copied.</param>
    /// <param name="device">As for <see cref="Load"/>.</param>
    /// <exception cref="ConfigurationException">The device cannot be used.</exception>
    public static TrainableModel FromCheckpoint(ModelCheckpoint checkpoint, string device = "cpu")
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var model = new TrainableModel(checkpoint.Config, device);
        ModelWeights.Load(model.Module, checkpoint);
        model.Module.to(model.Device);
        return model;
    }

    /// <summary>A copy of the weights, fp32, e.g. to caption with the core library.</summary>
    public ModelCheckpoint ToCheckpoint() =>
        new(Config, Module.named_parameters().ToDictionary(p => p.name, p => (Arena?.ReadMaster(p.name)) ?? ModelWeights.Read(p.parameter)));

    /// <summary>The core library's model with the weights as they stand now, to caption with while training goes on; later updates do not reach it.</summary>
    /// <param name="options">Threads; null means the defaults.</param>
    public VisionEncoderDecoderModel ToInferenceModel(ModelOptions? options = null)
    {
        using var tensors = new ModuleTensors(this);
        return VisionEncoderDecoderModel.Create(Config, tensors, options);
    }

    /// <summary>The values of one parameter, row-major.</summary>
    /// <exception cref="ArgumentException">There is no such parameter.</exception>
    public float[] ReadParameter(string name) =>
        Arena?.ReadMaster(name) ?? ModelWeights.Read(Module.named_parameters().FirstOrDefault(p => p.name == name).parameter ?? throw new ArgumentException($"no parameter is called '{name}'.", nameof(name)));

    /// <summary>Logits [rows, seq, vocab], row-major, without dropout.</summary>
    /// <param name="pixelValues">[images, channels, height, width] of the configured size.</param>
    /// <param name="imageCount">Number of images, one per row.</param>
    /// <param name="inputIds">Decoder inputs [rows, seq].</param>
    public float[] ComputeLogits(ReadOnlySpan<float> pixelValues, int imageCount, ReadOnlySpan<long> inputIds)
    {
        CheckPixels(pixelValues.Length, imageCount);
        var length = CheckRows(inputIds.Length, imageCount);
        CheckIds(inputIds);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        return ModelWeights.Read(Module.Forward(Pixels(pixelValues, imageCount), Ids(inputIds, imageCount, length)));
    }

    /// <summary>Both losses of a batch, without gradients and dropout.</summary>
    /// <returns>The mean over every position with padding counted, and the mean over real tokens.</returns>
    public (double Pad, double Masked) ComputeLoss(CaptionBatch batch)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var sums = Loss(batch);
        return (sums.PadSum.to(ScalarType.Float64).item<double>() / sums.Positions, sums.MaskedSum.to(ScalarType.Float64).item<double>() / sums.Tokens);
    }

    /// <inheritdoc/>
    public void Dispose() => Module.Dispose();

    /// <summary>The summed losses of a batch, as tensors of the current dispose scope and graph.</summary>
    /// <param name="batch">Checked here: shapes and ids, since a wrong one would end the process inside libtorch.</param>
    /// <param name="labelSmoothing">See <see cref="CaptionLoss.Compute"/>.</param>
    /// <param name="chain">Where given, the model runs in its segments, and the backward pass must go through it.</param>
    internal CaptionLoss.Sums Loss(CaptionBatch batch, double labelSmoothing = 0, SegmentChain? chain = null)
    {
        Check(batch);
        var rows = batch.RowCount;
        var inputs = Ids(CaptionLoss.ShiftRight(batch.Labels.Span, batch.LabelLength, PadTokenId, DecoderStartTokenId), rows, batch.LabelLength);
        var labels = Ids(batch.Labels.Span, rows, batch.LabelLength);
        var pixels = Pixels(batch.PixelValues.Span, batch.ImageCount);
        var index = batch.ImageIndex is { } images ? tensor(images.ToArray(), device: _device) : null;
        var logits = chain is null
            ? Module.Forward(pixels, inputs, index)
            : Module.ForwardInSegments(pixels, inputs, index, chain);
        return CaptionLoss.Compute(logits, labels, PadTokenId, batch.TokenCount, labelSmoothing);
    }

    internal Tensor Pixels(ReadOnlySpan<float> values, int imageCount)
    {
        var encoder = Config.Encoder;
        var pixels = empty(imageCount, encoder.NumChannels, encoder.ImageSize, encoder.ImageSize, ScalarType.Float32);
        MemoryMarshal.AsBytes(values).CopyTo(pixels.bytes);
        return pixels.to(_device).to(Module.parameters().First().dtype);
    }

    internal Tensor Ids(ReadOnlySpan<long> values, int rows, int length)
    {
        var ids = empty(rows, length, ScalarType.Int64);
        MemoryMarshal.AsBytes(values).CopyTo(ids.bytes);
        return ids.to(_device);
    }

    private void Check(CaptionBatch batch)
    {
        CheckPixels(batch.PixelValues.Length, batch.ImageCount);
        if (batch.LabelLength < 1 || batch.LabelLength > Config.Decoder.NPositions || batch.Labels.Length == 0 || batch.Labels.Length % batch.LabelLength != 0)
            throw new ArgumentException($"{batch.Labels.Length} labels in rows of {batch.LabelLength}; whole rows of 1 to {Config.Decoder.NPositions} (n_positions) were expected.", nameof(batch));
        if (batch.ImageIndex is null && batch.RowCount != batch.ImageCount)
            throw new ArgumentException($"{batch.RowCount} captions for {batch.ImageCount} pictures; without an image index there is one each.", nameof(batch));
        if (batch.ImageIndex is { } index)
        {
            if (index.Length != batch.RowCount)
                throw new ArgumentException($"the image index has {index.Length} entries for {batch.RowCount} captions.", nameof(batch));
            foreach (var image in index.Span)
            {
                if (image < 0 || image >= batch.ImageCount)
                    throw new ArgumentException($"the image index holds {image}; there are {batch.ImageCount} pictures.", nameof(batch));
            }
        }

        CheckIds(batch.Labels.Span, CaptionBatch.IgnoredLabel);
    }

    private void CheckPixels(int length, int imageCount)
    {
        var encoder = Config.Encoder;
        var expected = (long)imageCount * encoder.NumChannels * encoder.ImageSize * encoder.ImageSize;
        if (imageCount < 1 || length != expected)
            throw new ArgumentException($"{length} pixel values for {imageCount} pictures; [{imageCount}, {encoder.NumChannels}, {encoder.ImageSize}, {encoder.ImageSize}] has {expected}.");
    }

    private int CheckRows(int length, int rows)
    {
        if (length == 0 || length % rows != 0 || length / rows > Config.Decoder.NPositions)
            throw new ArgumentException($"{length} ids for {rows} rows; 1 to {Config.Decoder.NPositions} (n_positions) each were expected.");
        return length / rows;
    }

    private void CheckIds(ReadOnlySpan<long> ids, long? allowed = null)
    {
        foreach (var id in ids)
        {
            if ((id < 0 || id >= Config.Decoder.VocabSize) && id != allowed)
                throw new ArgumentException($"id {id} is outside the vocabulary of {Config.Decoder.VocabSize}; does the tokenizer belong to this model?");
        }
    }

    private static Device ParseDevice(string device)
    {
        if (device == "cpu")
            return CPU;
        if (device != "cuda" && !(device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), out _)))
            throw new ConfigurationException($"device '{device}' is not known; cpu, cuda or cuda:N was expected.");
        return cuda.is_available()
            ? new Device(device)
            : throw new ConfigurationException($"device '{device}' is not there: this program runs with a CPU libtorch, or no NVIDIA GPU is visible. Use cpu, or build with a CUDA libtorch.");
    }

}
